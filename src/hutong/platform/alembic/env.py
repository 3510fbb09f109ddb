"""Alembic environment of one center: its schema, its tables, its own version table."""

from typing import Any

from alembic import context
from alembic.autogenerate import renderers  # noqa: F401  (registers the renderers)

config = context.config
center: str = config.attributes["center"]
connection = config.attributes["connection"]
metadata = config.attributes["metadata"]


def own(name: str | None, kind: str, _parent: Any) -> bool:
    """Compare only this center's schema."""
    return kind != "schema" or name == center


def managed(_object: Any, name: str | None, kind: str, reflected: bool, _compare_to: Any) -> bool:
    """Partitions and tables of libraries are made elsewhere; the metadata says which by `info`."""
    if kind != "table" or not reflected:
        return True
    unmanaged: tuple[str, ...] = tuple(metadata.info.get("unmanaged", ()))
    return not (name or "").startswith((*unmanaged, "alembic_version")) if unmanaged else name != "alembic_version"


def forget_info(_context: Any, _revision: Any, directives: Any) -> None:
    """Keep what modules note about a table for themselves (`Table.info`) out of revisions."""
    for directive in directives:
        for operation in directive.upgrade_ops.ops:
            if hasattr(operation, "info"):
                operation.info = {}
                operation.kw.pop("info", None) if hasattr(operation, "kw") else None


context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table_schema=center,
    include_schemas=True,
    include_name=own,
    include_object=managed,
    compare_type=True,
    compare_server_default=False,
    process_revision_directives=forget_info,
)
with context.begin_transaction():
    context.run_migrations()

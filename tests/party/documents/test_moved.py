"""Documents of an installation before the one table of documents come over with their versions, names and authors."""

from alembic import command
from sqlalchemy import text
from sqlalchemy.engine import URL

from hutong.party.ingest.mappings import MAPPING
from hutong.party.match.rules import RULES
from hutong.party.model.extension import MODEL
from hutong.party.policies import POLICY
from hutong.party.quality.rules import QUALITY_RULES
from hutong.party.sharing.document_kinds import EXPORT
from hutong.platform import database as live
from hutong.platform import documents, migrations

BEFORE = (
    "INSERT INTO party.document (kind, version, name, body, hash, published_by) "
    "VALUES ('rules', {v}, 'x', {b}, '', '{by}')",
    "INSERT INTO party.definition (kind, version, body, published_by) VALUES ('model', {v}, {b}, '{by}')",
    "INSERT INTO party.policy (kind, version, body, published_by) VALUES ('lifecycle', {v}, {b}, '{by}')",
    "INSERT INTO party.quality_document (version, name, body, hash, published_by) VALUES ({v}, 'x', {b}, '', '{by}')",
    "INSERT INTO party.sharing_document (kind, code, version, body, hash, published_by) "
    "VALUES ('export', 'all', {v}, {b}, '', '{by}')",
    "INSERT INTO party.mapping_document (name, version, body, note, published_by) "
    "VALUES ('telecom/crm', {v}, CAST({b} AS text), 'why', '{by}')",
)
KINDS = ((RULES, "rules"), (MODEL, "model"), (POLICY, "lifecycle"), (QUALITY_RULES, "quality"), (EXPORT, "all"),
         (MAPPING, "telecom/crm"))  # fmt: skip


def test_versions_come_over(database: URL) -> None:
    export = {"code": "all", "title": {"zh": "全部", "en": "All"}, "columns": [{"fact": "id"}]}
    bodies = [documents.as_text(export) if kind is EXPORT else kind.shipped_texts()[name] for kind, name in KINDS]
    with live.engine().begin() as conn:
        conn.execute(text("DROP SCHEMA party CASCADE"))
        conn.execute(text("CREATE SCHEMA party"))
        command.upgrade(migrations.config("party", conn), "0003")
        for statement, (kind, _), body in zip(BEFORE, KINDS, bodies, strict=True):
            data = documents.checked(kind, body).model_dump_json(exclude={"version"})
            for version in (1, 2):
                values = statement.format(v=version, b="CAST(:b AS jsonb)", by=f"user:{version}")
                conn.execute(text(values), {"b": data})
        migrations.upgrade(conn, "party")
    with live.begin("party") as conn:
        for (kind, name), body in zip(KINDS, bodies, strict=True):
            assert [(one.version, one.published_by) for one in documents.versions(conn, kind, name)] == [
                (2, "user:2"), (1, "user:1")]  # fmt: skip
            found = documents.in_force(conn, kind, name)
            assert found.model_copy(update={"version": 0}) == documents.checked(kind, body)
            again = documents.publish(conn, kind, documents.source(conn, kind, name)[1], "user:3", name=name)
            assert again.version == 2, "the checksum came over: equal content makes no version"

"""A pack's documents put in force."""

from pathlib import Path

from sqlalchemy import Connection

from hutong.party.documents.kinds import KINDS
from hutong.platform import documents


def publish_folder(conn: Connection, folder: Path, by: str, *over: Path) -> dict[str, int]:
    """Publish the documents of a pack's party folder, those that are there: `rules.yaml`, `survivorship.yaml`,
    `model.yaml` (declared attributes), `households.yaml`, `quality.yaml` and the policies; name → version. `over`:
    folders whose documents take the place of this one's."""
    found = {path.stem: path for each in (folder, *over) for path in sorted(each.glob("*.yaml"))}
    return {
        name: documents.publish(conn, kind, found[name].read_text("utf-8"), by, name=name).version
        for kind in KINDS.values()
        for name in kind.fixed
        if name in found
    }

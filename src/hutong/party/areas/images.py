"""Images of documents (单证影像, EC-01): what they are in the area `document_image`, content in the image store."""

from pathlib import Path

from sqlalchemy import text

from hutong.identity import Principal, require
from hutong.identity.protection import record_read
from hutong.party import image_store
from hutong.party.areas.people import RIGHT, check_codes, state
from hutong.party.areas.read import Row
from hutong.party.information import AREAS
from hutong.party.living import whom
from hutong.platform import database
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

AREA = AREAS["document_image"]
LARGEST_BYTES = 10 << 20
STARTS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"%PDF-": "application/pdf"}
"""What is taken, by the first bytes: never by the name or what the sender claims."""
CLEAR = "id_card"
"""Who sees content must see this kind of field unmasked: images cannot be masked."""


def store(
    viewer: Principal, party_id: int, kind: str, file_name: str, content: bytes, *, reference: str | None = None
) -> str:
    """Keep an image of a party's document. Returns its hash; the same content of the same party is stored once.

    Needs `party.change`. Raises Unprocessable: empty, larger than 10 MiB, or neither JPEG, PNG nor PDF.
    """
    require(viewer, RIGHT)
    media_type = next((media for start, media in STARTS.items() if content.startswith(start)), None)
    if media_type is None or len(content) > LARGEST_BYTES:
        raise Unprocessable("party-image-refused", most=LARGEST_BYTES >> 20)
    check_codes(AREA, {"kind": kind})
    digest = image_store.keep(content)
    values = {"kind": kind, "file_name": Path(file_name).name[:200], "media_type": media_type, "bytes": len(content),
              "content_hash": digest, "reference": reference}  # fmt: skip
    state(viewer, party_id, AREA.name, values, key=f"image/{party_id}/{kind}/{digest}")
    return digest


def content(viewer: Principal, party_id: int, row_id: int) -> tuple[Row, bytes]:
    """An image's row and content; reading is logged. Raises Forbidden for viewers who see identity documents masked,
    NotFound when it is not this party's or its content is gone."""
    require(viewer, "party.read")
    if not viewer.sees(CLEAR):
        raise Forbidden("party-image-masked")
    with database.read("party") as conn:
        home = whom(conn, viewer, party_id)
        row = conn.execute(
            text(
                """SELECT t.* FROM party.v1_document_image t WHERE t.party_id = :home AND t.id = :row"""
            ),
            {"home": home, "row": row_id},
        ).mappings().one_or_none()  # fmt: skip
    if row is None or not image_store.path_of(row["content_hash"]).is_file():
        raise NotFound("party-area-row-unknown", id=row_id)
    if viewer.kind != "system":
        record_read(viewer, "party", [home], [CLEAR])
    return dict(row), image_store.path_of(row["content_hash"]).read_bytes()

"""The least an XLSX file needs (ECMA-376), around rows whose XML the database makes."""

import zipfile
from collections.abc import Iterable
from xml.sax.saxutils import escape

SHEET = "xl/worksheets/sheet1.xml"
TAIL = b"</sheetData></worksheet>"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FORMATS = "http://schemas.openxmlformats.org"
_MAIN = f"{_FORMATS}/spreadsheetml/2006/main"
_RELATED = f"{_FORMATS}/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _relationship(target: str, kind: str) -> str:
    one = f'<Relationship Id="rId1" Type="{_RELATED}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_FORMATS}/package/2006/relationships">{one}</Relationships>'


_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_FORMATS}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/{SHEET}" ContentType="{_KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": _relationship("xl/workbook.xml", "officeDocument"),
    "xl/_rels/workbook.xml.rels": _relationship("worksheets/sheet1.xml", "worksheet"),
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}"><sheets>'
    '<sheet name="Hutong" sheetId="1" r:id="rId1"/></sheets></workbook>',
}


def begin(book: zipfile.ZipFile) -> None:
    """Everything but the sheet."""
    for name, content in _PARTS.items():
        book.writestr(name, _HEAD + content)


def head(headings: Iterable[str]) -> bytes:
    """The sheet up to its first row of data: headings, frozen."""
    cells = "".join(f'<c t="inlineStr"><is><t>{escape(heading)}</t></is></c>' for heading in headings)
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    views = f'<sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
    return f'{_HEAD}<worksheet xmlns="{_MAIN}">{views}<sheetData><row>{cells}</row>'.encode()


def cell(value: str, kind: str) -> str:
    """SQL that gives a cell's XML of SQL that gives its text: numbers as such, all else as text, never a formula.
    Characters that XML forbids are left out, and what is longer than a cell holds."""
    if kind in ("int", "decimal"):
        return f"coalesce('<c><v>' || {value} || '</v></c>', '<c/>')"
    clean = rf"regexp_replace(left({value}, 32767), '[\x01-\x08\x0B-\x1F\uFFFE\uFFFF]', '', 'g')"
    safe = f"replace(replace(replace(replace({clean}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), E'\\n', '&#10;')"
    start = '<c t="inlineStr"><is><t xml:space="preserve">'
    return f"coalesce('{start}' || {safe} || '</t></is></c>', '<c/>')"

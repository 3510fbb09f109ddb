"""Files of text in UTF-8, however they are written."""

import codecs
import re
from pathlib import Path

from hutong.platform.errors import Invalid

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_NO_TEXT = ((b"PK\x03\x04", "xlsx"), (b"\xd0\xcf\x11\xe0", "xls"), (b"\x1f\x8b", "gzip"))
_USUAL = ("utf-8", "gb18030", "cp1252")
_BETWEEN_LATIN = re.compile(r"[A-Za-z][\u3400-\u9fff\ue000-\uf8ff]|[\u3400-\u9fff\ue000-\uf8ff][A-Za-z]")
_HAN = re.compile(r"[\u3400-\u9fff\ue000-\uf8ff]")
_LOOKED_AT = 1 << 16
_PART = 1 << 22


def decoded(path: Path, encoding: str | None, folder: Path) -> Path:
    """A copy in UTF-8, without blank lines before the first: in the encoding named, else as the file's first bytes
    tell, else in the first of the usual ones in which it reads and makes sense. Raises Invalid."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    for mark, kind in _NO_TEXT:
        if start.startswith(mark):
            raise Invalid("party-offline-no-text", file=path.name, kind=kind)
    tried = (encoding,) if encoding else _told_by(start) or _USUAL
    target = folder / "utf8.csv"
    for one in tried:
        try:
            if _copied(path, one, target, sceptical=len(tried) > 1):
                return target
        except LookupError as problem:
            raise Invalid("party-mapping-encoding", encoding=one) from problem
    raise Invalid("party-offline-encoding", file=path.name, encoding=", ".join(tried))


def encoding_of(start: bytes) -> str | None:
    """In which encoding the beginning of a file reads and makes sense; None where it is no text that is usual."""
    if any(start.startswith(mark) for mark, _ in _NO_TEXT):
        return None
    for one in _told_by(start) or _USUAL:
        try:
            text = codecs.getincrementaldecoder(one)().decode(start)  # a character may be cut in two at the end
        except UnicodeDecodeError:
            continue
        if one != "gb18030" or not _is_latin(text):
            return one
    return None


def _told_by(start: bytes) -> tuple[str, ...]:
    """What a mark at the beginning says; without one, zeros in every other byte tell UTF-16."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return (encoding,)
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) > 0.2 * len(start) / 2 and min(even, odd) < 0.1 * max(even, odd):
        return ("utf-16-le",) if odd > even else ("utf-16-be",)
    return ()


def _copied(path: Path, encoding: str, target: Path, *, sceptical: bool) -> bool:
    """Whether it reads in this encoding; sceptical: and is no accented Latin text that merely reads as Chinese."""
    try:
        with path.open(encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as copy:
            part = source.read(_PART).lstrip("\ufeff\r\n")
            if sceptical and encoding == "gb18030" and _is_latin(part):
                return False
            while part:
                copy.write(part.replace("\0", ""))
                part = source.read(_PART)
    except UnicodeDecodeError:
        return False
    return True


def _is_latin(text: str) -> bool:
    """Accented letters read as Chinese stand alone among Latin ones: `B閞anger` for `Béranger`."""
    return len(_BETWEEN_LATIN.findall(text)) > 0.5 * len(_HAN.findall(text)) > 0

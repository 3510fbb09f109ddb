"""A catalog document's name for people."""

from hutong.catalog.document import Kind
from hutong.catalog.snapshot import Catalog


def name_of(catalog: Catalog, kind: Kind, code: str, locale: str) -> str:
    """A document's name; its code where it is not in this catalog any more."""
    return catalog.document(kind, code).name(locale) if catalog.has(kind, code) else code

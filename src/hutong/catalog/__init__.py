"""Catalog: what is sold and how it is delivered, as published documents (BL-01, OC-05, OC-06)."""

from hutong.catalog.publication import preview, publish, save_drafts, saved_drafts
from hutong.catalog.queries import load, load_release, releases, versions
from hutong.catalog.snapshot import Catalog

__all__ = [
    "Catalog",
    "load",
    "load_release",
    "preview",
    "publish",
    "releases",
    "save_drafts",
    "saved_drafts",
    "versions",
]

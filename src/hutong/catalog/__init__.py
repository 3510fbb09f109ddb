"""Catalog: what is sold and how it is delivered, as published documents (BL-01, OC-05, OC-06)."""

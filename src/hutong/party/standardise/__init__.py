"""Standardisation (EC-04): pure functions from a value as it came to comparable values. No database, no state."""

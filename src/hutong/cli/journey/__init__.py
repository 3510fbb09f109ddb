"""The first customer's journey: what `hutong demo` does, one file per chapter."""

"""Resolving files: outputs."""

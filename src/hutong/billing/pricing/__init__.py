"""Pricing: pure rules and the compiled kernel; no database here (ADR 0003)."""

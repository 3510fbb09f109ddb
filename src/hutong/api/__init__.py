"""TM Forum Open APIs v4 and the rest of the HTTP interface."""

from hutong.api.app import install

__all__ = ["install"]

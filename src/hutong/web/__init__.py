"""The console: pages for clerks, service, stewards, billing officers and administrators."""

from hutong.web.app import install

__all__ = ["install"]

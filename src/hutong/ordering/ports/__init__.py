"""Ports: peer centers the order center calls over HTTP, each behind one interface (OC-18)."""

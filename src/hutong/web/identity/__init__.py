"""Pages of who may what: signing in, users and roles, the access log."""

"""Find-or-create, update and statements of interfaces, one record at a time (EC-14)."""

"""The golden record: survivorship, and why a value shows."""

"""Billing: usage becomes charges, charges become bills (BL-01 to BL-16)."""

"""Hutong (户通): customer master, order center, convergent billing and CRM on one model."""

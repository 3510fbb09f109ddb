"""Pages of the customer master: customers, suspects, merge and split, loads."""

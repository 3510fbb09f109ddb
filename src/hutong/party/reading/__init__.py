"""All reads of the customer master."""

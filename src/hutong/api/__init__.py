"""TM Forum Open APIs v4 and the rest of the HTTP interface."""

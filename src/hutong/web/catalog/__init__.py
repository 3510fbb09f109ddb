"""Pages of the catalog: what is sold and at which price, in words; its releases."""

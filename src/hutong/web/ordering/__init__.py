"""Pages of orders: the list, an order with its trace, what people do with it."""

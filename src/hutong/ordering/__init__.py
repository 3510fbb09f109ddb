"""The order center (订单中心): takes orders, splits them, drives their fulfilment, undoes what failed."""

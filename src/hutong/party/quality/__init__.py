"""Data quality (EC-13, EC-18): rules as documents, measured over all records at once, and the tasks that mend them."""

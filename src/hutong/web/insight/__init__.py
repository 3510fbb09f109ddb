"""Pages of data quality (EC-18) and reports (EC-13)."""

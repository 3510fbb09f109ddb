"""Files of information areas (EC-01, EC-16) taken in: their mapping, staging, admission, and the statements written."""

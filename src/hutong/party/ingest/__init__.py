"""Taking sources in (EC-03, EC-04, EC-09): mapping documents, files, standardised and admitted records."""

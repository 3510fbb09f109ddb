"""Information areas (EC-01, EC-16): written as statements about cross-references, read per party in one statement."""

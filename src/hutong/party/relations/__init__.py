"""Relations, roles, households, hierarchies and groups (EC-11).

A relation is stated between two source records (by their cross-references), so both ends follow their records through
merges, splits and undoing; what would tie a party to itself after a merge is not shown, and comes back with the split.
"""

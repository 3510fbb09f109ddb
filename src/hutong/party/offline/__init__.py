"""Resolving files without server, database or labels (EC-05): a mapping names columns, the program does the rest."""

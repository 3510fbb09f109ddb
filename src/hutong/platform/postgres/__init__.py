"""The parts of the embedded PostgreSQL: its binaries, its data folder, its settings, and the keeper that runs it."""

"""Customer master (ECIF): one true record of every person and organisation, fed by every source."""

"""Measurements: `./dev bench NAME`. Machines are noisy: compare figures of one run, quote ratios, repeat."""

"""The customer master's documents for people and packs: which kinds there are, publishing a pack's, the desk."""

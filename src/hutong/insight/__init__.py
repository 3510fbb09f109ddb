"""Insight (EC-13): reports over what the centers publish, their trends, and the way back to the records."""

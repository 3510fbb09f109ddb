"""The insurance sample: what a life core system, a property core system and a call centre export (EC-15, EC-16)."""

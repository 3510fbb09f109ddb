"""TM Forum Open APIs v4: thin; each endpoint maps to a public function of a center (XP-04)."""

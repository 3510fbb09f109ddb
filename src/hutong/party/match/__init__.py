"""Matching (EC-05): candidate pairs by match keys, features of a pair, rules over features. It only proposes."""

"""Matching (EC-05): candidate pairs by match keys, features of a pair, rules over
features, a model's weights, clusters of what was judged. It only proposes."""

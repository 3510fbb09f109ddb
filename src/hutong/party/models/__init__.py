"""The probabilistic model's versions (EC-05): trained, measured on pairs that people reviewed, approved by a second
person, in force, retired."""

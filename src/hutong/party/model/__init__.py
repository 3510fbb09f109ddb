"""The customer master's model as data (EC-10): documents that extend it and rule over it, and its documentation."""

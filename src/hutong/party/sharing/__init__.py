"""Sharing (EC-14, EC-15): what other systems, counters, call seats and customers themselves get of the customer master.

Exports and the feed of changes for systems; scenarios (issue, glance, pop, claims, call lists, renewal) for people; the
portal for customers. Every read goes through the viewer's row scope and masks.
"""

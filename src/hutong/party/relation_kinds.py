"""Kinds of relation and how they read from the other end; their names are the code set `party_relation`. Pure.

A relation says: the party is the other's `kind`. Either end may state it; both ends are shown what the other is.
"""

INVERSES = {
    "spouse": "spouse", "sibling": "sibling", "relative": "relative", "friend": "friend", "colleague": "colleague",
    "parent": "child", "grandparent": "grandchild", "guardian": "ward",
    "employer": "employee", "shareholder": "holding", "legal_representative": "represented",
    "agent": "principal", "referrer": "referred", "contact_person": "contact_of", "guarantor": "guaranteed",
    "parent_company": "subsidiary", "head_office": "branch",
}  # fmt: skip
INVERSES |= {inverse: kind for kind, inverse in INVERSES.items()}
KIN = ("spouse", "sibling", "relative", "parent", "child", "grandparent", "grandchild", "guardian", "ward")
"""Kinds that may make a household."""
BELOW = ("subsidiary", "branch")
"""Kinds by which an organisation stands below another in a hierarchy."""
HIERARCHY = (*BELOW, *(INVERSES[kind] for kind in BELOW))
"""All kinds of a hierarchy, from either end."""
PERSONS = (*KIN, "friend", "colleague")
"""Kinds that tie persons only."""


def inverse_sql(kind: str) -> str:
    """SQL of the kind as the other end sees it."""
    cases = " ".join(f"WHEN '{one}' THEN '{other}'" for one, other in INVERSES.items())
    return f"CASE {kind} {cases} ELSE {kind} END"

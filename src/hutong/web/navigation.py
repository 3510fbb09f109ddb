"""The console's menu: each entry is shown to those who hold its right."""

from typing import NamedTuple

from hutong.identity.principal import Principal


class Entry(NamedTuple):
    """A place in the menu: path, message id, right needed, icon name, group message id."""

    path: str
    words: str
    right: str
    icon: str
    group: str


ENTRIES = (
    Entry("/customers", "web-nav-customers", "party.read", "people", "web-group-customer"),
    Entry("/groups", "web-nav-groups", "party.read", "group", "web-group-customer"),
    Entry("/suspects", "web-nav-suspects", "party.steward", "twins", "web-group-customer"),
    Entry("/approvals", "web-nav-approvals", "party.approve", "stamp", "web-group-customer"),
    Entry("/enhancements", "web-nav-enhancements", "party.enhance", "plus", "web-group-customer"),
    Entry("/merges", "web-nav-merges", "party.merge", "merge", "web-group-customer"),
    Entry("/models", "web-nav-models", "party.model", "nodes", "web-group-customer"),
    Entry("/quality", "web-nav-quality", "party.quality", "gauge", "web-group-customer"),
    Entry("/quality/tasks", "web-nav-quality-tasks", "party.quality", "tasks", "web-group-customer"),
    Entry("/documents", "web-nav-documents", "party.read", "sliders", "web-group-customer"),
    Entry("/loads", "web-nav-loads", "party.steward", "inbox", "web-group-customer"),
    Entry("/model", "web-nav-model", "party.steward", "table", "web-group-customer"),
    Entry("/rejects", "web-rejected-rows", "party.steward", "back", "web-group-customer"),
    Entry("/mappings", "web-mappings", "party.steward", "arrows", "web-group-customer"),
    Entry("/counter", "web-nav-counter", "party.create", "desk", "web-group-serve"),
    Entry("/pop", "web-nav-pop", "party.read", "phone", "web-group-serve"),
    Entry("/calls", "web-nav-calls", "party.calls", "headset", "web-group-serve"),
    Entry("/call-lists", "web-nav-call-lists", "party.calls.lead", "list", "web-group-serve"),
    Entry("/claims-desk", "web-nav-claims-desk", "party.claims", "shield", "web-group-serve"),
    Entry("/portal-accounts", "web-nav-portal-accounts", "party.change", "badge", "web-group-serve"),
    Entry("/exports", "web-nav-exports", "party.export", "outbox", "web-group-serve"),
    Entry("/reports", "web-nav-reports", "insight.read", "chart", "web-group-insight"),
    Entry("/orders", "web-nav-orders", "ordering.read", "orders", "web-group-order"),
    Entry("/exceptions", "web-nav-exceptions", "ordering.read", "alert", "web-group-order"),
    Entry("/catalog", "web-nav-catalog", "catalog.read", "tag", "web-group-order"),
    Entry("/bills", "web-nav-bills", "billing.read", "bill", "web-group-billing"),
    Entry("/quarantine", "web-nav-quarantine", "billing.quarantine", "sieve", "web-group-billing"),
    Entry("/audits", "web-nav-audits", "billing.audit", "scales", "web-group-billing"),
    Entry("/exception-centre", "web-nav-exception-centre", "platform.jobs", "buoy", "web-group-operations"),
    Entry("/jobs", "web-nav-jobs", "platform.jobs", "gear", "web-group-operations"),
    Entry("/schedules", "web-nav-schedules", "platform.jobs", "clock", "web-group-operations"),
    Entry("/dead-letters", "web-nav-dead-letters", "platform.jobs", "letter", "web-group-operations"),
    Entry("/access-log", "web-nav-access-log", "identity.audit", "eye", "web-group-operations"),
    Entry("/logs", "web-nav-logs", "platform.logs", "log", "web-group-operations"),
    Entry("/people", "web-nav-people", "identity.read", "key", "web-group-operations"),
)


STEWARDS_BEGIN = ("/suspects", "/quality", "/loads", "/rejects", "/approvals", "/reports")
OTHERS_BEGIN = ("/counter", "/calls", "/call-lists", "/claims-desk", "/pop", "/bills", "/quarantine", "/audits",
                "/orders", "/quality/tasks", "/exports", "/customers", "/groups")  # fmt: skip
"""Where a working day begins, the most frequent first; each has a sentence of its own, `web-begin-<name>`."""
OFFERED = 6


def beginnings(viewer: Principal) -> list[tuple[Entry, str]]:
    """The first of these places that a viewer may enter, each with the message that says what is done there."""
    wanted = STEWARDS_BEGIN if viewer.may("party.steward") else OTHERS_BEGIN
    of_path = {entry.path: entry for entry in ENTRIES}
    open_to = [of_path[path] for path in wanted if viewer.may(of_path[path].right)]
    return [(entry, f"web-begin-{entry.path[1:].replace('/', '-')}") for entry in open_to[:OFFERED]]


def here(path: str) -> str:
    """The path of the entry that a page belongs to: the longest that it lies at or below; nothing where none is."""
    return max((entry.path for entry in ENTRIES if f"{path}/".startswith(f"{entry.path}/")), key=len, default="")


def entries_for(viewer: Principal) -> list[tuple[str, list[Entry]]]:
    """The menu of a viewer, by group, in order."""
    groups: dict[str, list[Entry]] = {}
    for entry in ENTRIES:
        if viewer.may(entry.right):
            groups.setdefault(entry.group, []).append(entry)
    return list(groups.items())

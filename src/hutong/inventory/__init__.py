"""Inventory: what customers hold, over time: accounts, offer and product instances, access numbers (BL-02, BL-04)."""

from hutong.inventory.accounts import open_accounts
from hutong.inventory.change import change_instances
from hutong.inventory.creation import create_instances
from hutong.inventory.numbers import add_numbers, release_numbers, reserve_numbers
from hutong.inventory.queries import (
    find_by_number,
    free_numbers,
    held,
    holdings,
    over_time,
    product_instance,
    product_instances,
)
from hutong.inventory.renumbering import assign_numbers
from hutong.inventory.termination import remove_instances, terminate_instances

__all__ = [
    "add_numbers",
    "assign_numbers",
    "change_instances",
    "create_instances",
    "find_by_number",
    "free_numbers",
    "held",
    "holdings",
    "open_accounts",
    "over_time",
    "product_instance",
    "product_instances",
    "release_numbers",
    "remove_instances",
    "reserve_numbers",
    "terminate_instances",
]

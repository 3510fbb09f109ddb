"""Inventory: what customers hold, over time: accounts, offer and product instances, access numbers (BL-02, BL-04)."""

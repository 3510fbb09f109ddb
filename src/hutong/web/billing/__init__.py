"""Pages of billing: bills and why they cost what they cost, quarantine of usage, audits."""

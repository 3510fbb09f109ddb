"""Backup and restore (EC-19): everything, as it was at one moment, in a folder that can be checked.

A backup is a folder: `manifest.json` (versions, a fingerprint of every table, size and SHA-256 of every file),
`database/` (pg_dump, directory format) and `files/` (what lies in the data folder besides the database: uploads, usage,
images). It is taken while everything runs, in one snapshot. A restore checks every file first, loads into an empty
database, and compares every table with the manifest.

A backup holds all personal data, password hashes and the secrets of webhooks and calling systems: guard it like the
database. Only its owner can read it. Settings (`HUTONG_*`) and logs are not in it.
"""

from hutong.platform.backup.manifest import Manifest, check
from hutong.platform.backup.restoring import restore
from hutong.platform.backup.taking import take

__all__ = ["Manifest", "check", "restore", "take"]

"""What the ground itself stores: its outbox, jobs, webhook registrations; and the tables of the job library."""

from hutong.platform import database
from hutong.platform.outbox import outbox_tables

metadata = database.metadata_for("platform")
outbox_tables(metadata)

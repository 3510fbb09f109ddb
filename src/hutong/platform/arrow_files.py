"""Tables as Arrow files, through which processes hand them over: mapped into memory, not copied."""

from pathlib import Path

import pyarrow as pa


def write(table: pa.Table, path: Path, rows: int | None = None) -> int:
    """Write a table in batches of so many rows; how many those are."""
    whole = table.combine_chunks()
    with pa.ipc.new_file(str(path), whole.schema) as file:
        file.write_table(whole, max_chunksize=rows)
    return -(-whole.num_rows // rows) if rows else 1


def mapped(path: Path) -> pa.Table:
    """The table of a file, read as far as it is looked at."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def batch(path: Path, number: int) -> pa.Table:
    """One batch of a file."""
    return pa.Table.from_batches([pa.ipc.open_file(pa.memory_map(str(path))).get_batch(number)])

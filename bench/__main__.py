"""`python -m bench [NAME [ARGUMENT ...]]`: run a measurement, or list them.

Unless HUTONG_DATABASE_URL names a database, each run has an embedded one of its own, durable, removed afterwards;
HUTONG_BENCH_KEEP=FOLDER keeps it there, and the next run finds what the last one loaded.
"""

import ast
import os
import runpy
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from hutong.platform import database, embedded_postgres, migrations
from hutong.platform.settings import settings

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def _folder() -> AbstractContextManager[str]:
    kept = os.environ.get("HUTONG_BENCH_KEEP")
    return nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="hutong-bench-")


def main() -> int:
    """Run the named measurement; without a name, tell which there are."""
    if len(sys.argv) == 1:
        for name in NAMES:
            doc = ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))) or ""
            print(f"{name:18} {doc.splitlines()[0] if doc else ''}")
        return 0
    name = sys.argv[1]
    if name not in NAMES:
        print(f"no measurement {name}; there are: {', '.join(NAMES)}")
        return 2
    with _folder() as folder:
        Path(folder).mkdir(exist_ok=True)
        Path(folder).chmod(0o755)  # the database server's user must reach its folder in it
        settings.data_dir = Path(folder)
        os.environ["HUTONG_DATA_DIR"] = folder
        migrations.upgrade_all()
        sys.argv = sys.argv[1:]
        try:
            runpy.run_module(f"bench.{name}", run_name="__main__")
        finally:
            database.dispose()
            embedded_postgres.shared(settings.data_dir).release()  # returns when it has stopped writing there
    return 0


if __name__ == "__main__":
    sys.exit(main())

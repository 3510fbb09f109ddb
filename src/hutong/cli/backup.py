"""`hutong backup` and `hutong restore`: everything into a folder, and back (EC-19)."""

from pathlib import Path
from typing import Annotated

import typer

from hutong.cli.words import say, t

Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help=t("cli-help-backup-jobs"))]


def backup(out: Annotated[Path, typer.Argument(help=t("cli-help-backup-out"))], jobs: Jobs = 2) -> None:
    """Back up the database and the data folder into a new folder, while everything runs."""
    from hutong.platform.backup import take

    done = take(out, jobs=jobs)
    say("cli-backup-done", folder=str(out), tables=len(done.tables), rows=done.rows, size=f"{done.size / 1e6:.1f}")


def restore(
    source: Annotated[Path, typer.Argument(help=t("cli-help-restore-in"))],
    jobs: Jobs = 2,
    replace: bool = typer.Option(False, "--replace", help=t("cli-help-restore-replace")),
    only_check: bool = typer.Option(False, "--check", help=t("cli-help-restore-check")),
    erasures: Annotated[Path | None, typer.Option(help=t("cli-help-restore-erasures"))] = None,
) -> None:
    """Restore a backup into an empty database, compare every table with it, and erase again who was erased since.

    `erasures`: the data folder that has the journal of erasures and its key; without it the one restored to, as it is
    before.
    """
    from hutong.party import erased_keys
    from hutong.party.lifecycle import journal
    from hutong.party.lifecycle.replay import replay
    from hutong.platform import backup
    from hutong.platform.settings import settings

    folder = erasures or settings.data_dir
    since, key = journal.read(folder / journal.NAME), erased_keys.kept_in(folder)
    done = backup.check(source) if only_check else backup.restore(source, replace=replace, jobs=jobs)
    message = "cli-restore-checked" if only_check else "cli-restore-done"
    say(message, folder=str(source), files=len(done.files), tables=len(done.tables), rows=done.rows)
    if not only_check:
        if key is not None:
            erased_keys.keep(key)
        again = replay(journal.keep(since))
        say("cli-restore-erased", count=len(again.erased), mixed=", ".join(map(str, again.mixed)) or "-")

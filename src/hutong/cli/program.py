"""How every command runs: its help in the user's language, an expected failure in a sentence, without traceback."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import typer
from rich.markdown import Markdown
from rich.text import Text
from typer import core, rich_utils
from typer._click import Command, Context, HelpFormatter
from typer._click.exceptions import ClickException

from hutong.cli import wrong
from hutong.cli.words import t

FAILED = 1


class Formatter(HelpFormatter):
    """Typer's, with the word for "Usage" in the user's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, prefix or f"{t('cli-help-usage')} ")


class Program(core.TyperGroup):
    """A group of commands. However it is started (`hutong`, `python -m`, a test), failures end alike."""

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command of a name, its own `--help` in the user's language."""
        found = super().get_command(ctx, cmd_name)
        if found and (option := found.get_help_option(ctx)):
            option.help = t("cli-help-help")
        return found

    def get_help_option(self, ctx: Context) -> core.TyperOption | None:
        """`--help`, in the user's language."""
        if option := super().get_help_option(ctx):
            option.help = t("cli-help-help")
        return option

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run. Status 0: done; 1: failed, and said why; 2: called wrongly."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        try:
            status = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except ClickException as error:
            rich_utils.rich_format_error(wrong.in_words(error))
            sys.exit(error.exit_code)
        except Exception as error:
            if not (said := wrong.expected(error)):
                raise
            _fail(said)
        sys.exit(status if isinstance(status, int) else 0)


def _fail(said: Iterable[str]) -> NoReturn:
    sys.stdout.flush()
    for line in said:
        typer.secho(line, err=True, fg=typer.colors.RED)
    sys.exit(FAILED)


def group(help_id: str) -> typer.Typer:
    """A group of commands with its help text."""
    return typer.Typer(
        cls=Program, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=t(help_id)
    )


def _folding(make: Callable[..., Text | Markdown]) -> Callable[..., Text | Markdown]:
    """Help is folded where its line ends: Chinese has no spaces, and would be cut off."""

    def made(*args: Any, **named: Any) -> Text | Markdown:
        text = make(*args, **named)
        if isinstance(text, Text):
            text.overflow = "fold"
        return text

    return made


def _speak() -> None:
    """Typer has no Chinese: these are the places where its own words lie."""
    Context.formatter_class = Formatter
    for place in ("ARGUMENTS_PANEL", "OPTIONS_PANEL", "COMMANDS_PANEL", "ERRORS_PANEL"):
        setattr(rich_utils, f"{place}_TITLE", t(f"cli-help-{place.split('_')[0].lower()}"))
    rich_utils._make_rich_text = _folding(rich_utils._make_rich_text)
    rich_utils.REQUIRED_LONG_STRING = f"[{t('cli-help-required')}]"
    rich_utils.DEFAULT_STRING = f"[{t('cli-help-default')} {{}}]"
    rich_utils.RICH_HELP = t("cli-help-try", command="{command_path} {help_option}")


_speak()

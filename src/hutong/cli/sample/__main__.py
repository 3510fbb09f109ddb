"""`python -m hutong.cli.sample telecom ...`."""

from hutong.cli.sample import app

app()

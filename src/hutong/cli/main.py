"""`hutong ...`: every command, gathered from one file per subject."""

from hutong.cli import (
    backup,
    billing,
    catalog,
    clients,
    db,
    demo,
    history,
    models,
    party,
    peers,
    program,
    resolve,
    sample,
    serve,
    setup,
    worker,
)
from hutong.cli.words import t

app = program.group("cli-help-hutong")
app.add_typer(billing.app, name="bill")
app.add_typer(catalog.app, name="catalog")
app.add_typer(db.app, name="db")
app.add_typer(history.app, name="history")
app.add_typer(party.app)
app.add_typer(models.app, name="party-model")
app.add_typer(resolve.app)
app.add_typer(sample.app, name="sample")
app.command(help=t("cli-help-demo"))(demo.demo)
app.command(help=t("cli-help-setup"))(setup.setup)
app.command(help=t("cli-help-client"))(clients.client)
app.command(help=t("cli-help-serve"))(serve.serve)
app.command(help=t("cli-help-worker"))(worker.worker)
app.command(help=t("cli-help-peers"))(peers.peers)
app.command(help=t("cli-help-backup"))(backup.backup)
app.command(help=t("cli-help-restore"))(backup.restore)

if __name__ == "__main__":
    app()

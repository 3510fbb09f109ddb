"""`hutong ...`: every command, gathered from one file per subject."""

import typer

from hutong.cli import billing, catalog, db, demo, history, party, peers, sample, serve, worker

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Hutong (户通): customer master, orders, billing and CRM in one model.",
)
app.add_typer(billing.app, name="bill")
app.add_typer(catalog.app, name="catalog")
app.add_typer(db.app, name="db")
app.add_typer(history.app, name="history")
app.add_typer(party.app)
app.add_typer(sample.app, name="sample")
app.command()(demo.demo)
app.command()(serve.serve)
app.command()(worker.worker)
app.command()(peers.peers)

if __name__ == "__main__":
    app()

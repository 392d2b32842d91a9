"""The typer application that the command modules add themselves to."""

import typer

app = typer.Typer(
    name="lockgate",
    help="A multi-team data platform on Prefect 3: validated data flows on, bad data stops at the gate.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

"""Each team deletes from its store what the ledger has given up."""

from lockgate.ledger.migrations.scripts import run_scripts

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Let teams note what they have deleted."""
    run_scripts(revision, "discard")

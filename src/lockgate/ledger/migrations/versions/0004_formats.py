"""The gate sees which current versions are pickles."""

from lockgate.ledger.migrations.scripts import run_scripts

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Let heads tell the format of their version."""
    run_scripts(revision, "formats")

"""One definition of standing: over inputs as registered and as they made the current version."""

from lockgate.ledger.migrations.scripts import run_scripts

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add to the schema ``lockgate``."""
    run_scripts(revision, "dropped_inputs", "snapshot", "pins")

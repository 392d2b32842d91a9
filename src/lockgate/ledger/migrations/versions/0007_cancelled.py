"""Nothing is judged twice by itself: a rejection ends what brings nothing new, a cancellation what a person ended."""

from lockgate.ledger.migrations.scripts import run_scripts

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add to the schema ``lockgate``."""
    run_scripts(revision, "rejection", "cancel", "progress", "rounds", "access")

"""No team stops another: bounded locks, specs that are judged when they are registered, reserved names."""

from lockgate.ledger.migrations.scripts import run_scripts

revision = "0005"
down_revision = "0004"

FILES = ("names", "specs", "register", "sessions", "upkeep", "access")


def upgrade() -> None:
    """Add to the schema ``lockgate``."""
    run_scripts(revision, *FILES)

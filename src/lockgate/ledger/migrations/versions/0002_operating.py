"""Operating: announcements, waivers, repair, retention, and progress at the size of a whole platform."""

from lockgate.ledger.migrations.scripts import run_scripts

revision = "0002"
down_revision = "0001"

FILES = ("tables", "progress", "announce", "waive", "publish", "repair", "retention", "access")


def upgrade() -> None:
    """Add to the schema ``lockgate``."""
    run_scripts(revision, *FILES)

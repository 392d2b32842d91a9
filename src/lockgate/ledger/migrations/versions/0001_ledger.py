"""The ledger: tables, functions, policies."""

from lockgate.ledger.migrations.scripts import run_scripts

revision = "0001"
down_revision = None

FILES = (
    *("registry", "attempts", "versions"),
    *("identity", "slices", "attempts_held", "pins"),
    *("register", "snapshot", "begin", "lease", "stage", "publish_guards", "publish", "reject"),
    *("record", "rollback", "collect", "reading"),
    *("policies", "grants"),
)


def upgrade() -> None:
    """Create everything in the schema ``lockgate``."""
    run_scripts(revision, *FILES)

"""The checks, in the order in which their findings are shown."""

from lockgate.platform.doctor import connections, machine, prefect_side, services, teams, values
from lockgate.platform.doctor.finding import Check

CHECKS = (
    Check("python", machine.python),
    Check("packages", machine.packages),
    Check("disk", machine.disk),
    Check("database", services.database),
    Check("ledger", services.ledger, needs=("database",)),
    Check("broker", services.broker),
    Check("server", services.server),
    Check("auth", services.auth, needs=("server",)),
    Check("prefect version", services.prefect_version, needs=("server", "auth")),
    Check("settings", services.settings, needs=("server", "auth")),
    Check("database clock", services.database_clock, needs=("ledger",)),
    Check("server clock", services.server_clock, needs=("server",)),
    Check("store", values.store),
    Check("pools", prefect_side.pools, needs=("server", "auth")),
    Check("workers", prefect_side.workers, needs=("server", "auth")),
    Check("worker versions", prefect_side.worker_versions, needs=("server", "auth")),
    Check("sweep", prefect_side.sweep, needs=("server", "auth")),
    Check("teams", teams.teams, seconds=180.0),
    Check("connections", connections.connections, seconds=180.0),
)

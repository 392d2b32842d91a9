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
    Check("prefect version", services.prefect_version, needs=("server",)),
    Check("settings", services.settings, needs=("server",)),
    Check("database clock", services.database_clock, needs=("ledger",)),
    Check("server clock", services.server_clock, needs=("server",)),
    Check("store", values.store),
    Check("pools", prefect_side.pools, needs=("server",)),
    Check("workers", prefect_side.workers, needs=("server",)),
    Check("sweep", prefect_side.sweep, needs=("server",)),
    Check("teams", teams.teams, seconds=180.0),
    Check("connections", connections.connections, seconds=180.0),
)

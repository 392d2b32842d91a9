"""The names of the ledger's database and of its roles.

lockgate_owner      owns tables and functions; cannot log in; no superuser
lockgate_teams      what every team may call and read; cannot log in
lockgate_team_X     team X's login
lockgate_platform   the platform's login: reads everything, writes nothing but collection marks
"""

DATABASE = "lockgate"
OWNER = "lockgate_owner"
TEAMS = "lockgate_teams"
PLATFORM = "lockgate_platform"
PLATFORM_LOGIN = "platform"


def team_role(team: str) -> str:
    """The database role of a team."""
    return f"lockgate_team_{team}"

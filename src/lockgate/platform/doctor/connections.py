"""Connections: each one that a team declares answers, and its credentials let us in."""

from collections.abc import Iterator
from pathlib import Path

from lockgate.connecting import try_connections
from lockgate.core.errors import LockgateError
from lockgate.environments import is_fresh, team_python
from lockgate.platform.doctor.finding import Finding, fail, ok, warn
from lockgate.platform.workers import own_settings
from lockgate.settings import all_teams, team_folder


def connections(root: Path) -> Iterator[Finding]:
    """Whether each team's connections answer, with the settings that its worker would get from here."""
    for team in all_teams(root):
        folder = team_folder(root, team)
        try:
            if not is_fresh(folder):
                continue
            tried = try_connections(folder, python=team_python(folder), settings=own_settings(team))
        except LockgateError:
            # Said of the team's environment or code already.
            continue
        for found in tried:
            part = f"connection {team}/{found.name}"
            if found.ok:
                yield ok(part, found.message)
            elif found.configured:
                yield fail(part, found.message, found.cure)
            else:
                # The platform may have been started by somebody whose environment has it.
                yield warn(part, found.message, found.cure)

"""Trying a team's connections from outside: its code is loaded in a process of its own, and only findings come back.

``python -m lockgate.connecting FOLDER FD`` answers with them.
"""

import dataclasses
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from lockgate.connections import Finding, declared, try_connection
from lockgate.core.errors import LockgateError
from lockgate.describe import answer, ask_team
from lockgate.loading import load_team


def try_connections(
    folder: Path, *, python: str = sys.executable, settings: Mapping[str, str] | None = None
) -> list[Finding]:
    """Try every connection that a team declares, in a process of that team.

    Args:
        folder: The team's folder.
        python: Interpreter of the team's environment.
        settings: The team's own settings, as its worker gets them: ``SOURCE_URL`` and the like.

    Returns:
        One finding per connection, by name.

    Raises:
        DefinitionError: If the team's code cannot be loaded, or takes longer than it may.
    """
    environment = {**os.environ, **(settings or {})}
    found = ask_team("lockgate.connecting", folder, python=python, environment=environment)
    return [Finding(**one) for one in found]


def main() -> int:
    """Answer with the findings of the team in the folder named on the command line."""
    try:
        load_team(Path(sys.argv[1]))
    except LockgateError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found = [dataclasses.asdict(try_connection(connection)) for connection in declared()]
    answer(sys.argv[2], found)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What Prefect's API, or its client, refused of a deploy, in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.exceptions import PrefectException
from pydantic import ValidationError

from lockgate.core.clean import one_line
from lockgate.core.errors import PlatformError

REFUSALS = (httpx.HTTPStatusError, PrefectException, ValidationError)


class Refused:
    """What Prefect's API refused of a deploy: one thing refused keeps none after it from being made.

    Args:
        team: Who is deployed.
    """

    def __init__(self, team: str):
        self._team = team
        self._first = ""
        self._count = 0

    @contextmanager
    def by_itself(self, what: str) -> Iterator[None]:
        """Make one thing in the block; an API that does not answer would refuse the others as well, and is raised."""
        try:
            yield
        except REFUSALS as error:
            self._first = self._first or f"{what}: {told(error)}"
            self._count += 1

    def tell(self) -> None:
        """Raise what was refused, if anything was.

        Raises:
            PlatformError: With the first of it.
        """
        if self._first:
            more = f" (and {self._count - 1} more)" if self._count > 1 else ""
            raise PlatformError(
                f"Team {self._team} is deployed except for what Prefect's API refused: {self._first}{more}.",
                cure=f"What is left to do says: lockgate plan {self._team}",
                team=self._team,
            )


def unplanned(team: str, error: Exception) -> PlatformError:
    """What Prefect's client, or anything else, met while one team was planned, as that team's error."""
    return PlatformError(
        f"Team {team} cannot be compared with what Prefect holds: {told(error)}.",
        cure="See: lockgate doctor",
        team=team,
    )


def told(error: Exception) -> str:
    """An error of somebody's library in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{error.title} {'.'.join(map(str, first['loc']))}: {one_line(first['msg'], 200)}".rstrip(".")
    return one_line((str(error).splitlines() or [""])[0], 300).rstrip(".") or type(error).__name__

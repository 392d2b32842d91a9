"""Jobs: named selections of one team's assets that run together, in one flow run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lockgate.core.schedule import Schedule, schedule_from_json, schedule_to_json

ALL = "all"
MARK = "@"


@dataclass(frozen=True)
class Job:
    """A selection of a team's assets; made by ``Team.job``. Every team has the job ``all``.

    Attributes:
        name: Unique among the team's jobs.
        assets: Names of the assets; empty for all of the team's.
        schedule: When it runs by itself.
        description: One sentence.
    """

    name: str
    assets: tuple[str, ...] = ()
    schedule: Schedule | None = None
    description: str = ""

    @property
    def deployment(self) -> str:
        """Name of its deployment, ``@nightly``: the mark, which no asset's name can begin with, and its name."""
        return MARK + self.name

    def to_json(self) -> dict[str, Any]:
        """One job of a manifest, as JSON-compatible data."""
        return {
            "name": self.name,
            "assets": list(self.assets),
            "schedule": schedule_to_json(self.schedule),
            "description": self.description,
        }


def job_from_json(data: Mapping[str, Any]) -> Job:
    """The job that a manifest describes."""
    return Job(data["name"], tuple(data["assets"]), schedule_from_json(data["schedule"]), data["description"])

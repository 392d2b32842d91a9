"""What several keys on the command line name: assets of one team, or one of its jobs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lockgate.core.errors import UsageError
from lockgate.core.job import ALL, MARK
from lockgate.core.spec import AssetSpec


@dataclass(frozen=True)
class Selection:
    """Assets of one team to run together.

    Attributes:
        job: The deployment that runs them: ``flights/@all``.
        specs: The assets by name; empty for those of the job.
    """

    job: str
    specs: tuple[AssetSpec, ...] = ()


def is_several(keys: Sequence[str]) -> bool:
    """Whether the keys ask for more than one plain asset."""
    return len(keys) != 1 or "*" in keys[0] or f"/{MARK}" in keys[0]


def select(keys: Iterable[str], registry: Mapping[str, AssetSpec]) -> Selection:
    """Resolve keys, patterns (``flights/*``) or a job (``flights/@nightly``).

    Args:
        keys: At least one.
        registry: The registered assets of all teams.

    Raises:
        UsageError: If something matches nothing, a job is not alone, or the assets are of several teams.
    """
    asked = list(keys)
    if jobs := [key for key in asked if f"/{MARK}" in key]:
        if len(asked) > 1:
            raise UsageError(f"{jobs[0]} is a job and runs alone.", cure="Run one job, or name assets.")
        return Selection(jobs[0])
    found = {key: registry[key] for pattern in asked for key in _matching(pattern, registry)}
    teams = sorted({spec.team for spec in found.values()})
    if len(teams) > 1:
        raise UsageError(
            f"These assets are of the teams {', '.join(teams)}; a run stays within one.",
            cure="Start one run per team: events take the data from one to the next.",
        )
    return Selection(f"{teams[0]}/{MARK}{ALL}", tuple(found.values()))


def _matching(pattern: str, registry: Mapping[str, AssetSpec]) -> list[str]:
    found = [key for key in registry if fnmatchcase(key, pattern)]
    if not found:
        raise UsageError(f"No deployed asset is called {pattern}.", cure="See: lockgate status")
    return found

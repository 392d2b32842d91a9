"""What several commands need: the project, its teams, an open client."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from lockgate.core.errors import DefinitionError, InvalidName, PartitionMismatch, PlatformError, UsageError
from lockgate.core.keys import check_name, split_key
from lockgate.core.spec import AssetSpec
from lockgate.embedded.supervisor import Supervisor
from lockgate.settings import ENDPOINTS, all_teams, api_url, home_of

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient


@asynccontextmanager
async def prefect_client(root: Path) -> "AsyncIterator[PrefectClient]":
    """A client of the platform's Prefect API.

    Raises:
        PlatformError: If the API does not answer, or fails in the block.
    """
    url = api_url(root)
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    try:
        with temporary_settings({PREFECT_API_URL: url}):
            async with get_client() as client:
                await client.hello()
                yield client
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status == httpx.codes.UNAUTHORIZED:
            raise PlatformError(
                f"Prefect's API at {url} does not accept our credentials.", cure="Set PREFECT_API_AUTH_STRING."
            ) from None
        raise PlatformError(
            f"Prefect's API at {url} answered {status} {error.response.reason_phrase}.",
            cure="See: lockgate doctor, and the server's log.",
        ) from None
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise PlatformError(f"Prefect's API at {url} does not answer.", cure=_cure(root, url)) from error
    except httpx.HTTPError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise PlatformError(f"Prefect's API at {url} failed: {reason}.", cure="See: lockgate doctor") from error


def _cure(root: Path, url: str) -> str:
    home = home_of(root)
    if home.state().get(ENDPOINTS, {}).get("api") != url:
        return "Start it where it runs, or correct PREFECT_API_URL."
    return "See: lockgate doctor" if Supervisor(home).running("server") else "Start it: lockgate up"


def chosen_teams(root: Path, names: Iterable[str] | None) -> list[str]:
    """The named teams, or all.

    Raises:
        UsageError: If one does not exist.
    """
    known = all_teams(root)
    for name in names or ():
        if name not in known:
            raise UsageError(f"There is no team {name!r} in {root / 'teams'}.", cure=suggestion(name, known))
    return list(dict.fromkeys(names or known))


def checked_key(key: str) -> str:
    """The key, if it is one.

    Raises:
        UsageError: If it is not of the form ``team/asset``.
    """
    try:
        split_key(key)
    except InvalidName as error:
        raise UsageError(error.message, cure=error.cure) from None
    return key


def registered(registry: Mapping[str, AssetSpec], key: str) -> AssetSpec:
    """A deployed asset.

    Raises:
        UsageError: If the key is none, or names nothing that is deployed; with the nearest that is.
        DefinitionError: If what is deployed cannot be read by this release.
    """
    if checked_key(key) not in registry:
        raise UsageError(f"There is no asset {key}.", cure=suggestion(key, registry), asset=key)
    if registry[key].unreadable:
        raise DefinitionError(registry[key].unreadable, cure=f"Run: lockgate deploy {registry[key].team}", asset=key)
    return registry[key]


def check_partition(spec: AssetSpec, partition: str) -> None:
    """Check that an asset has a partition.

    Raises:
        UsageError: If it has not.
    """
    try:
        spec.partitions.validate(partition)
    except PartitionMismatch as error:
        cure = error.cure or f"Leave --partition out: lockgate show {spec.key}"
        raise UsageError(f"{spec.key}: {error.message}", cure=cure, asset=spec.key) from None


def checked_name(name: str, what: str) -> str:
    """The name, if it may name a team or an asset.

    Raises:
        UsageError: If it may not.
    """
    try:
        return check_name(name, what)
    except InvalidName as error:
        raise UsageError(error.message, cure=error.cure) from None


def suggestion(name: str, known: Iterable[str]) -> str:
    """A cure for a name that does not exist: the nearest one, or all."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names) or 'none'}."

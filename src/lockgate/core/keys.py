"""Names: of teams, assets and checks, and the key that joins a team to its asset."""

import re

from lockgate.core.errors import InvalidName

MAX_TEAM_NAME = 40
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
EVENT_SCHEME = "asset://"


def check_name(name: object, what: str) -> str:
    """Return ``name`` if it may name a team, an asset or a check.

    Args:
        name: The candidate.
        what: What it names, for the message ("asset", "check", "team").

    Raises:
        InvalidName: If it is not lower case letters, digits and underscores, starting with a letter,
            at most 63 characters (40 for a team, whose name is part of a database role's).
    """
    limit = MAX_TEAM_NAME if what == "team" else 63
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > limit:
        raise InvalidName(
            f"{what} name {name!r} is not allowed.",
            cure=f"Use lower case letters, digits and underscores, a letter first, at most {limit} characters.",
        )
    return name


def make_key(team: str, name: str) -> str:
    """The key of a team's asset: ``weather/observations``."""
    return f"{team}/{name}"


def split_key(key: str) -> tuple[str, str]:
    """Split a key into team and asset name.

    Raises:
        InvalidName: If ``key`` is not of the form ``team/asset``.
    """
    team, slash, name = key.partition("/") if isinstance(key, str) else ("", "", "")
    if not slash:
        raise InvalidName(f"{key!r} is not an asset key.", cure="Write it as team/asset: weather/observations.")
    return check_name(team, "team"), check_name(name, "asset")


def event_resource(key: str) -> str:
    """The resource id that Prefect's events about an asset carry: ``asset://weather/observations``."""
    return EVENT_SCHEME + key


def label(key: str, partition: str) -> str:
    """How messages name an asset's partition: ``weather/observations [2013-01-05]``."""
    return f"{key} [{partition}]" if partition else key

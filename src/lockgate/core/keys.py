"""Names: of teams, assets and checks, and the key that joins a team to its asset."""

import hashlib
import re

from lockgate.core.errors import InvalidName

MAX_TEAM_NAME = 40
RESERVED_TEAMS = frozenset({"platform", "lockgate", "prefect"})
"""Names that stand for the platform's own login, pool and settings, and would be taken for them."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
# TEAM__NAME in the platform's environment is the team's setting NAME: two underscores, or one at the end, would make
# one team's setting another's.
_TEAM_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
EVENT_SCHEME = "asset://"


def check_name(name: object, what: str) -> str:
    """Return ``name`` if it may name a team, an asset or a check.

    Args:
        name: The candidate.
        what: What it names, for the message ("asset", "check", "team").

    Raises:
        InvalidName: If it is not lower case letters, digits and underscores, starting with a letter,
            at most 63 characters (40 for a team, whose name is part of a database role's); or if it is a team's and
            reserved, ends in an underscore or has two in a row.
    """
    limit = MAX_TEAM_NAME if what == "team" else 63
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > limit:
        raise InvalidName(
            f"{what} name {name!r} is not allowed.",
            cure=f"Use lower case letters, digits and underscores, a letter first, at most {limit} characters.",
        )
    if what == "team" and name in RESERVED_TEAMS:
        raise InvalidName(f"team name {name!r} is reserved for the platform.", cure="Choose another name.")
    if what == "team" and not _TEAM_NAME.fullmatch(name):
        raise InvalidName(f"team name {name!r} is not allowed.", cure="Put single underscores between words only.")
    return name


def is_name(name: str, what: str) -> bool:
    """Whether ``check_name`` lets a name pass."""
    try:
        check_name(name, what)
    except InvalidName:
        return False
    return True


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


def slug(text: str) -> str:
    """A name of lower case letters, digits and single dashes for where nothing else is allowed, of this text alone.

    Args:
        text: Any; its readable part is kept as far as it goes, and a digest of the whole tells like ones apart.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80].strip("-")
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f"{readable}-{digest}" if readable else digest


def label(key: str, partition: str) -> str:
    """How messages name an asset's partition: ``weather/observations [2013-01-05]``."""
    return f"{key} [{partition}]" if partition else key

"""Addresses of services: rewritten for their reader, and shown without their password."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from lockgate.core.errors import UsageError

POSTGRES = ("postgresql", "postgres")
REDIS = ("redis", "rediss", "redis+sentinel", "rediss+sentinel")
HTTP = ("http", "https")


def address_in(environment: Mapping[str, str], variable: str, schemes: tuple[str, ...]) -> str | None:
    """The address that an environment variable holds.

    Args:
        environment: Where to look.
        variable: Its name.
        schemes: What it may begin with; the first is shown in the cure.

    Returns:
        None if it is not set, or empty.

    Raises:
        UsageError: If it is no such address. It is not quoted, as it may hold a password.
    """
    value = environment.get(variable)
    if not value:
        return None
    try:
        parts = urlsplit(value)
        # Several places are named with commas, each with a port of its own.
        wrong = parts.scheme not in schemes or not ("," in parts.netloc or parts.port is None or parts.port)
    except ValueError:
        wrong = True
    if wrong:
        raise UsageError(
            f"{variable} is no {schemes[0]}:// address.", cure=f"Set {schemes[0]}://host:port/... or unset it."
        )
    return value


def asyncpg_url(url: str) -> str:
    """The address as Prefect's server wants it.

    Args:
        url: ``postgresql://`` address; ``sslmode`` in its query is translated.

    Returns:
        ``postgresql+asyncpg://`` address.
    """
    parts = urlsplit(url)
    query = [("ssl" if name == "sslmode" else name, value) for name, value in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(scheme="postgresql+asyncpg", query=urlencode(query)))


def describe(url: str) -> str:
    """An address without its password, for messages.

    Args:
        url: Any address.

    Returns:
        ``host:port/path``.
    """
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def with_role(url: str, role: str, password: str, database: str) -> str:
    """The address of another database of the same server, under another role.

    Args:
        url: ``postgresql://`` address.
        role: Name of the role.
        password: Its password.
        database: Name of the database.

    Returns:
        ``postgresql://`` address with the same host, port and query.
    """
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(
        parts._replace(
            scheme="postgresql",
            netloc=f"{quote(role, safe='')}:{quote(password, safe='')}@{place}",
            path=f"/{database}",
        )
    )

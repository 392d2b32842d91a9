"""Addresses of services: rewritten for their reader, and shown without their password."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit


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

"""A named connection: where its address comes from, and that nothing of it is ever printed."""

import os
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from lockgate.core.errors import DuplicateName, UsageError
from lockgate.core.keys import check_name

BLOCK = "block:"


class NotConfigured(UsageError):
    """A connection whose address is nowhere to be found."""


@dataclass(frozen=True)
class Connection:
    """A system that a team reaches under a name of its own.

    The connection ``source`` has its address in the environment variable ``SOURCE_URL``: a URL, or ``block:NAME`` for
    the Prefect secret block of that name. Its own text holds the name alone, never the address.

    Args:
        name: Lower-case letters, digits and underscores.

    Raises:
        InvalidName: If the name has other characters.
    """

    kind: ClassVar[str]
    name: str

    def __post_init__(self) -> None:
        """Check the name."""
        check_name(self.name, "connection")

    @property
    def variable(self) -> str:
        """The environment variable that holds its address."""
        return f"{self.name.upper()}_URL"

    @property
    def address(self) -> str:
        """The address, read now.

        Raises:
            NotConfigured: If it is not configured.
            UsageError: If it is no URL.
        """
        value = os.environ.get(self.variable, "")
        if value.startswith(BLOCK):
            value = self._of_block(value.removeprefix(BLOCK))
        if not value:
            raise NotConfigured(
                f"Connection {self.name} is not configured: {self.variable} is not set.",
                cure=f"Set TEAM__{self.variable} where the platform starts, or {self.variable} where you are.",
            )
        if not _is_url(value):
            raise self.unusable("its address is no URL")
        return value

    def unusable(self, why: str) -> UsageError:
        """The error for an address that cannot be used; says why without quoting it."""
        return UsageError(
            f"Connection {self.name} cannot be used: {why}.", cure=f"Mend {self.variable}, or the block it names."
        )

    def _of_block(self, block: str) -> str:
        # A run has loaded Prefect already; a unit test without blocks need not.
        from prefect.blocks.system import Secret

        load: Any = Secret.load
        try:
            return str(load(block, _sync=True).get())
        except Exception as error:  # noqa: BLE001 - Prefect and its client raise many kinds
            raise self.unusable(f"there is no secret block {block} ({type(error).__name__})") from None


_declared: dict[str, Connection] = {}
_Kind = TypeVar("_Kind", bound=Connection)


def declare(connection: _Kind) -> _Kind:
    """Remember a declaration, so that ``lockgate doctor`` can try it.

    Raises:
        DuplicateName: If another connection of that name is declared.
    """
    if _declared.setdefault(connection.name, connection) != connection:
        raise DuplicateName(f"Connection {connection.name} is declared twice.", cure="Rename one of the two.")
    return connection


def declared() -> tuple[Connection, ...]:
    """All connections that the code loaded into this process declares, by name."""
    return tuple(_declared[name] for name in sorted(_declared))


def _is_url(value: str) -> bool:
    try:
        return bool(urlsplit(value).scheme)
    except ValueError:
        return False

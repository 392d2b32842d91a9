"""One open login to the ledger: what its reads and its calls go through."""

from collections.abc import Sequence
from typing import Any, Self

from lockgate.ledger.connection import Connection


class Login:
    """An open login. Safe to use from several threads: calls take turns on one connection.

    A connection that dropped between two calls is opened again; one that drops during a call is too, and the call
    repeated if that is harmless.

    Args:
        url: ``postgresql://`` address with the login: a team's, or the platform's.

    Raises:
        LedgerUnavailable: If the database cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._connection = Connection(url)

    def __enter__(self) -> Self:
        """Return the open ledger."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @property
    def address(self) -> str:
        """Host, port and database, without the password."""
        return self._connection.address

    def _call(self, function: str, *arguments: Any) -> Any:
        """Call a function that may be called again if its answer is lost."""
        return self._rows(_call_of(function, arguments), *arguments)[0]["answer"]

    def _once(self, function: str, *arguments: Any) -> Any:
        """Call a function that would do something else if it were called again."""
        return self._connection.rows(_call_of(function, arguments), arguments, repeatable=False)[0]["answer"]

    def _rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return self._connection.rows(query, arguments, repeatable=True)


def _call_of(function: str, arguments: Sequence[Any]) -> str:
    return f"select lockgate.{function}({', '.join(['%s'] * len(arguments))}) as answer"

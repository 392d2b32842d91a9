"""Fetching from the flight records service: paginated JSON over HTTP."""

from typing import Any

import httpx

from lockgate import connections

MAX_PAGES = 1000
SOURCE = connections.http("source", retries=2)


def fetch(path: str, *, transport: httpx.BaseTransport | None = None, **query: str) -> list[dict[str, Any]]:
    """All items of a feed, page after page.

    Args:
        path: The feed's path, ``/flights``.
        transport: Another way to reach the source, for tests.
        query: Query parameters, ``date="2013-01-05"``.

    Raises:
        lockgate.UsageError: If the environment variable SOURCE_URL is not set.
        RuntimeError: If the pages never end.
        httpx.HTTPError: If the source still fails at the last try, or refuses the request.
    """
    items: list[dict[str, Any]] = []
    page: int | None = 1
    with SOURCE.client(transport=transport) as client:
        for _ in range(MAX_PAGES):
            answer = client.get(path, params={**query, "page": str(page)}).json()
            items.extend(answer["items"])
            page = answer["next"]
            if page is None:
                return items
    raise RuntimeError(f"{path} has more than {MAX_PAGES} pages; the source's pagination is broken.")

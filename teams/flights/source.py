"""Fetching from the flight records service: paginated JSON over HTTP."""

import os
import time
from typing import Any

import httpx

TRIES = 3
PAUSE = 0.2
TIMEOUT = 10.0
MAX_PAGES = 1000


def fetch(path: str, *, transport: httpx.BaseTransport | None = None, **query: str) -> list[dict[str, Any]]:
    """All items of a feed, page after page.

    A page that times out, breaks off or answers 5xx is asked for again, three times in all.

    Args:
        path: The feed's path, ``/flights``.
        transport: Another way to reach the source, for tests.
        query: Query parameters, ``date="2013-01-05"``.

    Raises:
        RuntimeError: If the environment variable SOURCE_URL is not set, or if the pages never end.
        httpx.HTTPError: If the source still fails at the last try, or refuses the request.
    """
    with httpx.Client(base_url=_source_url(), timeout=TIMEOUT, transport=transport) as client:
        items: list[dict[str, Any]] = []
        page: int | None = 1
        for _ in range(MAX_PAGES):
            answer = _get(client, path, {**query, "page": str(page)})
            items.extend(answer["items"])
            page = answer["next"]
            if page is None:
                return items
    raise RuntimeError(f"{path} has more than {MAX_PAGES} pages; the source's pagination is broken.")


def _get(client: httpx.Client, path: str, query: dict[str, str]) -> Any:
    for left in reversed(range(TRIES)):
        try:
            response = client.get(path, params=query)
            response.raise_for_status()
            return response.json()
        except httpx.HTTPStatusError as error:
            if left == 0 or not error.response.is_server_error:
                raise
        except httpx.TransportError:
            if left == 0:
                raise
        time.sleep(PAUSE * (TRIES - left))
    return None


def _source_url() -> str:
    url = os.environ.get("SOURCE_URL", "")
    if not url:
        raise RuntimeError("SOURCE_URL is not set: give the base URL of the source systems, http://127.0.0.1:8099.")
    return url

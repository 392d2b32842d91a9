"""HTTP: an httpx client with timeouts, retries with backoff, and a rate limit."""

import os
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

import httpx
from httpx_retries import Retry, RetryTransport
from pyrate_limiter import Duration, Limiter, Rate

from lockgate.connections.base import Connection, declare

AGAIN = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
BACKOFF = 0.2
LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class HttpConnection(Connection):
    """See ``http``."""

    kind: ClassVar[str] = "http"
    timeout: float = 10.0
    retries: int = 4
    per_second: int | None = None

    def client(self, *, transport: httpx.BaseTransport | None = None) -> httpx.Client:
        """A client whose relative paths start at the address; close it, or use it in a ``with``.

        A user and password in the address go into basic authentication, the environment variable ``<NAME>_TOKEN``
        into a bearer header. An answer of 4xx or 5xx raises ``httpx.HTTPStatusError``.

        Args:
            transport: Another way to reach the system, for tests.

        Raises:
            UsageError: If the connection is not configured.
        """
        try:
            url = httpx.URL(self.address)
        except httpx.InvalidURL:
            raise self.unusable("its address is no URL") from None
        if url.scheme not in ("http", "https") or not url.host:
            raise self.unusable("its address starts with neither http:// nor https://")
        token = os.environ.get(f"{self.name.upper()}_TOKEN")
        # httpx quotes its URLs in errors and logs, so the password must not stay in them.
        return httpx.Client(
            base_url=url.copy_with(username=None, password=None),
            auth=(url.username, url.password) if url.username or url.password else None,
            headers={"Authorization": f"Bearer {token}"} if token else None,
            timeout=self.timeout,
            follow_redirects=True,
            event_hooks={"response": [_raise_for_error]},
            transport=RetryTransport(
                _Whole(transport or httpx.HTTPTransport(), self.per_second),
                Retry(self.retries, status_forcelist=AGAIN, backoff_factor=BACKOFF, max_backoff_wait=LONGEST_WAIT),
            ),
        )


def http(name: str, *, timeout: float = 10.0, retries: int = 4, per_second: int | None = None) -> HttpConnection:
    """Declare an HTTP system.

    A request that times out, breaks off (in the middle of its answer too) or is answered 429, 500, 502, 503 or 504 is
    sent again, after a pause that doubles, or that the answer's ``Retry-After`` asks for, a minute at most. Only
    methods that may be repeated are: not POST or PATCH.

    Args:
        name: Its name; the address is in the environment variable ``<NAME>_URL``.
        timeout: Seconds to wait for the connection, and for each part of an answer.
        retries: How often a request is sent again.
        per_second: Requests per second at most, retries included, for each client; None for no limit.

    Raises:
        InvalidName: If the name is not allowed.
        DuplicateName: If it is declared otherwise already.
    """
    return declare(HttpConnection(name, timeout=timeout, retries=retries, per_second=per_second))


class _Whole(httpx.BaseTransport):
    """Waits for its turn and reads answers to the end, so that one which breaks off is retried like any other."""

    def __init__(self, inner: httpx.BaseTransport, per_second: int | None) -> None:
        self._inner = inner
        self._limiter = Limiter(Rate(per_second, Duration.SECOND)) if per_second else None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._limiter:
            self._limiter.try_acquire("request")
        response = self._inner.handle_request(request)
        response.read()
        return response

    def close(self) -> None:
        self._inner.close()


def _raise_for_error(response: httpx.Response) -> None:
    if response.is_error:
        response.raise_for_status()

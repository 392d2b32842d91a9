"""How this team asks its source: every page, and again when a page fails."""

from collections.abc import Callable

import httpx
import pytest
import source
from source import fetch

from lockgate import UsageError


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_URL", "http://source.example")
    monkeypatch.setattr("lockgate.connections.http_connection.BACKOFF", 0)


def answering(*answers: Callable[[], httpx.Response]) -> httpx.MockTransport:
    """A source that gives these answers, one per request."""
    left = iter(answers)
    return httpx.MockTransport(lambda request: next(left)())


def page(number: int, following: int | None) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(200, json={"items": [{"page": number}], "page": number, "next": following})


def broken() -> httpx.Response:
    raise httpx.RemoteProtocolError("peer closed connection")


def status(code: int) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(code)


def test_every_page_is_fetched_in_order() -> None:
    items = fetch("/feed", transport=answering(page(1, 2), page(2, 3), page(3, None)), date="2013-01-05")
    assert [item["page"] for item in items] == [1, 2, 3]


def test_a_page_that_fails_twice_is_asked_for_a_third_time() -> None:
    items = fetch("/feed", transport=answering(page(1, 2), broken, status(503), page(2, None)))
    assert [item["page"] for item in items] == [1, 2]


def test_a_source_that_keeps_failing_raises() -> None:
    with pytest.raises(httpx.HTTPStatusError):
        fetch("/feed", transport=answering(status(500), status(500), status(500)))
    with pytest.raises(httpx.TransportError):
        fetch("/feed", transport=answering(broken, broken, broken))


def test_a_refused_request_is_not_repeated() -> None:
    with pytest.raises(httpx.HTTPStatusError):
        fetch("/feed", transport=answering(status(404)))


def test_without_an_address_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_URL")
    with pytest.raises(UsageError, match="SOURCE_URL is not set"):
        fetch("/feed")


def test_pages_without_an_end_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_PAGES", 2)
    with pytest.raises(RuntimeError, match="more than 2 pages"):
        fetch("/feed", transport=answering(page(1, 2), page(2, 1)))

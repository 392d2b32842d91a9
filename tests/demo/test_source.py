"""The source systems serve real data in pages, and say what is wrong with a request."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from .conftest import Source


def pages(source: Source, path: str, **query: str) -> list[dict[str, Any]]:
    """All pages of a feed, following ``next``."""
    found: list[dict[str, Any]] = []
    page: int | None = 1
    while page is not None:
        answer = source.client.get(path, params={**query, "page": str(page)}).raise_for_status().json()
        assert answer["page"] == page
        found.append(answer)
        page = answer["next"]
    return found


def items(source: Source, path: str, **query: str) -> list[dict[str, Any]]:
    return [item for page in pages(source, path, **query) for item in page["items"]]


def test_it_serves_within_seconds_of_its_start(source: Source) -> None:
    assert source.client.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize(("feed", "rows", "number"), [("weather", 72, 3), ("flights", 720, 3)])
def test_a_day_comes_in_pages_that_make_it_whole(source: Source, feed: str, rows: int, number: int) -> None:
    found = pages(source, f"/{feed}", date="2013-01-05")
    every = [item for page in found for item in page["items"]]
    assert (len(found), len(every)) == (number, rows)
    assert {(item["year"], item["month"], item["day"]) for item in every} == {(2013, 1, 5)}


def test_planes_come_in_pages_too(source: Source) -> None:
    assert len(pages(source, "/planes")) == 4
    assert len({item["tailnum"] for item in items(source, "/planes")}) == 3322


def test_values_are_the_file_s_own_and_missing_ones_are_null(source: Source) -> None:
    first = items(source, "/flights", date="2013-01-01")[0]
    assert (first["time_hour"], first["dep_time"], first["tailnum"]) == ("2013-01-01T10:00:00Z", 517, "N14228")
    assert items(source, "/weather", date="2013-01-01")[0]["wind_gust"] is None


def test_a_day_without_data_is_one_empty_page(source: Source) -> None:
    """The weather of 2013 ends a day before its flights do."""
    assert pages(source, "/weather", date="2013-12-31") == [{"items": [], "page": 1, "next": None}]
    assert len(items(source, "/flights", date="2013-12-31")) == 776


def test_many_clients_get_the_same_answer(source: Source) -> None:
    def ask(number: int) -> bytes:
        return httpx.get(f"{source.client.base_url}/flights?date=2013-01-05&page=2", timeout=30).content

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(32)))) == 1


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/weather", 400, "needs a day"),
        ("/weather?date=5 January", 400, "needs a day"),
        ("/planes?date=2013-01-05", 400, "has no days"),
        ("/weather?date=2013-01-05&page=0", 400, "whole number"),
        ("/weather?date=2013-01-05&page=4", 404, "the last one is 3"),
        ("/airports", 404, "There is no GET /airports"),
    ],
)
def test_a_request_that_cannot_be_served_is_told_why(source: Source, path: str, status: int, says: str) -> None:
    answer = source.client.get(path)
    assert answer.status_code == status
    assert says in answer.json()["error"]

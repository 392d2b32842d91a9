"""A switch makes one day of one feed bad; the teams' contracts and their HTTP client catch each way of being bad."""

import httpx
import pytest

from .conftest import Materialize, Source

DATA_FAULTS = ("nulls", "duplicates", "impossible", "missing_column")
DAYS = {fault: f"2013-01-{number + 10}" for number, fault in enumerate((*DATA_FAULTS, "truncated", "http_500"))}
SOUND = "2013-01-05"


def test_a_fault_hits_only_its_feed_and_day_until_it_is_cleared(source: Source) -> None:
    sound = source.client.get("/weather?date=2013-01-05").json()
    source.put("weather", "2013-01-05", "nulls")
    assert source.client.get("/faults").json()["faults"] == [
        {"feed": "weather", "date": "2013-01-05", "fault": "nulls"}
    ]
    assert source.client.get("/weather?date=2013-01-05").json() != sound
    assert all(row["temp"] is not None for row in source.client.get("/weather?date=2013-01-06").json()["items"])
    assert source.client.delete("/faults?feed=weather&date=2013-01-05").json() == {"cleared": 1}
    assert source.client.get("/weather?date=2013-01-05").json() == sound


def test_one_fault_can_be_cleared_and_the_others_stay(source: Source) -> None:
    source.put("weather", "2013-01-05", "nulls")
    source.put("flights", "2013-01-05", "http_500")
    assert source.client.delete("/faults?feed=weather").json() == {"cleared": 1}
    assert [fault["feed"] for fault in source.client.get("/faults").json()["faults"]] == ["flights"]
    assert source.client.delete("/faults").json() == {"cleared": 1}
    assert source.client.get("/faults").json() == {"faults": []}


@pytest.mark.parametrize("fault", DATA_FAULTS)
def test_a_fault_does_the_same_each_time(source: Source, fault: str) -> None:
    sound = source.client.get("/flights?date=2013-01-05").content
    source.put("flights", "2013-01-05", fault)
    first, second = (source.client.get("/flights?date=2013-01-05").content for _ in range(2))
    assert first == second
    assert fault == "duplicates" or first != sound


def test_a_truncated_body_is_shorter_than_it_says(source: Source) -> None:
    source.put("weather", "2013-01-05", "truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        source.client.get("/weather?date=2013-01-05")


def test_a_source_out_of_order_answers_500(source: Source) -> None:
    source.put("planes", "", "http_500")
    assert source.client.get("/planes").status_code == 500


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"feed": "weather"}',
        b'{"feed": "weather", "fault": "nulls"}',
        b'{"feed": "tides", "date": "2013-01-05", "fault": "nulls"}',
        b'{"feed": "weather", "date": "2013-01-05", "fault": "rust"}',
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(source: Source, body: bytes) -> None:
    answer = source.client.post("/faults", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert source.client.get("/faults").json() == {"faults": []}


@pytest.mark.parametrize(("feed", "key"), [("weather", "weather/observations"), ("flights", "flights/flights")])
def test_the_team_s_checks_catch_every_fault(source: Source, materialize: Materialize, feed: str, key: str) -> None:
    """Bad data is rejected by the contract; a source that breaks off or fails makes the computation raise."""
    for fault, day in DAYS.items():
        source.put(feed, day, fault)
    ran = materialize(key, SOUND, *DAYS.values())
    assert ran[SOUND]["outcome"] == "published"
    for fault in DATA_FAULTS:
        assert ran[DAYS[fault]]["outcome"] == "rejected", fault
        assert "contract" in ran[DAYS[fault]]["failed"], fault
    assert ran[DAYS["truncated"]]["outcome"] == "RemoteProtocolError"
    assert ran[DAYS["http_500"]]["outcome"] == "HTTPStatusError"


@pytest.mark.parametrize("fault", DATA_FAULTS)
def test_the_registry_s_contract_catches_every_fault(source: Source, materialize: Materialize, fault: str) -> None:
    source.put("planes", "", fault)
    ran = materialize("flights/planes")[""]
    assert ran["outcome"] == "rejected"
    assert "contract" in ran["failed"]

"""Every "why did it not run?" has an answer on the command line."""

import json

from tests.fundamentals.conftest import BadDay
from tests.running import DEADLINE, Live


def test_why_walks_to_the_rejection_far_above_and_says_what_to_do(live: Live, bad_day: BadDay) -> None:
    """The cause, the check, since when, whose it is, and the command: readable on 80 columns, complete in JSON."""
    begun = [
        live.begin("why", "gamma/report", "-p", bad_day.day),
        live.begin("why", "gamma/report", "-p", bad_day.day, "--json"),
        live.begin("why", "gamma/report", "-p", live.new_day()),
    ]
    (text, _), (data, _), (never, _) = (process.communicate(timeout=DEADLINE) for process in begun)

    assert f"gamma/report [{bad_day.day}]: blocked by its inputs" in text
    assert f"alpha/readings [{bad_day.day}]: rejected by below_the_limit since 20" in text
    assert "owner: alpha@example.com" in text
    assert f"next: lockgate evidence alpha/readings -p {bad_day.day}" in text

    told = json.loads(data)
    (summary,) = told["causes"]
    (readings,) = summary["causes"]
    assert [told["state"], summary["state"], readings["state"]] == ["blocked", "blocked", "rejected"]
    assert (readings["checks"], readings["owners"]) == (["below_the_limit"], ["alpha@example.com"])
    assert "alpha/readings" in never
    assert "nothing is published yet" in never


def test_history_lists_attempts_newest_first(live: Live, bad_day: BadDay) -> None:
    """What each came to and why; for machines with the fields a script needs."""
    done = live.command("history", "beta/summary", "-p", bad_day.day, "--json")
    attempts = json.loads(done.out)
    assert [attempt["outcome"] for attempt in attempts][-1] == "published"
    assert {attempt["outcome"] for attempt in attempts[:-1]} == {"blocked"}
    assert {"attempt", "outcome", "version", "inputs", "flow_run_id", "started_at", "finished_at"} <= set(attempts[0])
    assert attempts[-1]["inputs"] == {f"alpha/readings [{bad_day.day}]": 1}

    text = live.command("history", "beta/summary", "-p", bad_day.day).out
    assert "stands rejected by below_the_limit; team alpha owns it" in text


def test_evidence_shows_what_the_checks_found_without_the_data(live: Live, bad_day: BadDay) -> None:
    """Counts and shapes of the last attempt that judged; never a value."""
    begun = [
        live.begin("evidence", "alpha/readings", "-p", bad_day.day),
        live.begin("evidence", "alpha/readings", "-p", bad_day.day, "--json"),
    ]
    (text, _), (data, _) = (process.communicate(timeout=DEADLINE) for process in begun)
    found = json.loads(data)
    (failed,) = (check for check in found["checks"] if not check["passed"])
    assert (found["outcome"], failed["name"], failed["rows_failed"], failed["rows_seen"]) == (
        "rejected", "below_the_limit", 1, 2,
    )  # fmt: skip
    assert "below_the_limit: 1 of 2 rows failed" in text
    assert "looks like: 99.9" in text
    assert "75.5" not in text + data


def test_show_tells_contract_readers_and_versions(live: Live, bad_day: BadDay) -> None:
    """All that is deployed of an asset, without reading its code."""
    begun = [live.begin("show", "alpha/readings"), live.begin("show", "alpha/readings", "--json")]
    (text, _), (data, _) = (process.communicate(timeout=DEADLINE) for process in begun)
    found = json.loads(data)
    assert found["dependents"] == ["beta/summary"]
    assert found["owners"] == ["alpha@example.com"]
    assert [check["name"] for check in found["checks"]] == ["contract", "below_the_limit", "at_least_two_rows"]
    assert [column["name"] for column in found["contract"]["columns"]] == ["value"]
    assert bad_day.day in {version["partition"] for version in found["versions"]}
    assert "value: float64 greater_than_or_equal_to(min_value=0)" in text

"""The command line on a running platform: outcomes as exit codes, and one JSON document for machines."""

import json

from tests.fundamentals.conftest import BadDay
from tests.running import DEADLINE, Live


def test_run_wait_tells_the_outcome_by_its_exit_code(live: Live, bad_day: BadDay, day: str) -> None:
    """0 published, 1 failed, 3 rejected, 4 blocked, 5 waiting; 2 is for a command that makes no sense."""
    failing, rejected = live.new_day(), live.new_day()
    live.steer("solo", failing, raise_first=100)
    live.steer("pulse", rejected, values=[-1])
    wanted = {
        ("alpha/solo", day): (0, "published"),
        ("alpha/solo", failing): (1, "failed"),
        ("alpha/pulse", rejected): (3, "rejected"),
        ("beta/summary", bad_day.day): (4, "blocked"),
        ("gamma/joined", day): (5, "waiting"),
    }

    begun = {what: live.begin("run", what[0], "--partition", what[1], "--wait") for what in wanted}
    told = {what: process.communicate(timeout=DEADLINE) for what, process in begun.items()}

    assert {what: process.returncode for what, process in begun.items()} == {
        what: code for what, (code, _) in wanted.items()
    }
    for what, (_, outcome) in wanted.items():
        assert told[what][0].startswith(f"{what[0]} [{what[1]}]: {outcome}"), told[what]
    assert "below_the_limit; team alpha owns it" in told[("beta/summary", bad_day.day)][0]


def test_a_command_that_makes_no_sense_ends_with_2_and_says_what_would(live: Live, day: str) -> None:
    """Unknown names are answered with the nearest known one."""
    begun = [
        live.begin("run", "alpha/soul", "-p", day),
        live.begin("run", "alpha/solo", "-p", "2020-13-01"),
        live.begin("run", "alpha/solo", "-p", "2019-12-31"),
        live.begin("run", "alpha/parts", "-p", "up"),
        live.begin("deploy", "alhpa"),
    ]
    said = [" ".join(process.communicate(timeout=DEADLINE)[1].split()) for process in begun]
    assert [process.returncode for process in begun] == [2] * len(begun)
    assert said == [
        "lockgate: There is no asset alpha/soul. Did you mean alpha/solo?",
        "lockgate: alpha/solo: partition '2020-13-01' is not a day. Write days as 2013-01-05.",
        "lockgate: alpha/solo: partition 2019-12-31 lies outside 2020-01-01 to today."
        " Choose a day within the asset's partitions, or widen Daily(...) and deploy.",
        "lockgate: alpha/parts: there is no partition 'up'. Choose one of: north, south, east, west.",
        f"lockgate: There is no team 'alhpa' in {live.root / 'teams'}. Did you mean alpha?",
    ]


def test_status_json_has_one_object_per_asset_and_partition(live: Live, bad_day: BadDay) -> None:
    """Outcome, version, checks, and what blocks it: all a script needs."""
    done = live.command("status", "--json")
    assert done.code == 0, done.err
    rows = {(row["key"], row["partition"]): row for row in json.loads(done.out)}

    readings = rows["alpha/readings", bad_day.day]
    assert set(readings) == {
        *("key", "team", "partition", "outcome", "version", "published_at", "rows", "checks", "blocked_by")
    }
    assert (readings["outcome"], readings["version"], readings["rows"]) == ("rejected", 1, 2)
    assert [check["name"] for check in readings["checks"] if not check["passed"]] == ["below_the_limit"]
    assert rows["gamma/report", bad_day.day]["blocked_by"] == [
        {"asset": "alpha/readings", "partition": bad_day.day, "check": "below_the_limit", "team": "alpha"}
    ]

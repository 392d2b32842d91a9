"""The platform's rounds: one item that breaks is noted, and keeps no other from its turn."""

from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

from lockgate.core.errors import InvalidName, InvalidSchedule
from lockgate.core.schedule import Cron, schedule_to_json
from lockgate.orchestration.notes import BROKE, Note, by_itself
from lockgate.orchestration.repair import _times_repaired
from lockgate.orchestration.schedules import prefect_schedule
from lockgate.orchestration.validate import load_plan


def test_what_breaks_is_noted_by_its_kind_and_the_next_has_its_turn() -> None:
    notes: list[Note] = []
    for number in (1, 0, 2):
        with by_itself(notes, f"weather/{number}", "p"):
            notes.append(Note(f"weather/{number}", "p", f"a secret: {4711 // number}"[:8]))
    assert notes == [
        Note("weather/1", "p", "a secret"),
        Note("weather/0", "p", f"{BROKE}: ZeroDivisionError"),
        Note("weather/2", "p", "a secret"),
    ]


@pytest.mark.parametrize(
    ("tags", "times"),
    [
        ([], 0),
        (["repair-orders"], 0),
        (["repair-2", "lockgate:repair-orders", "lockgate:repair-", "lockgate:repair-\u0663"], 0),
        (["lockgate:repair-" + "9" * 5000], 0),
        (["lockgate:repair--1", " lockgate:repair-2", "lockgate:repair-2 "], 0),
        (["lockgate:repair-2", "source"], 2),
    ],
)
def test_only_our_own_tag_counts_how_often_a_run_was_repaired(tags: list[str], times: int) -> None:
    assert _times_repaired(FlowRun(flow_id=uuid4(), tags=tags)) == times


@pytest.mark.parametrize("rule", [{"cron": "R R * * *", "timezone": "UTC"}, {"cron": "0 6 * * *", "timezone": "Mars"},
                                  {"interval": 0}])  # fmt: skip
def test_what_prefects_own_parser_refuses_is_one_sentence(rule: dict[str, object]) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        prefect_schedule(rule)
    assert str(refused.value).startswith(f"Prefect cannot follow the schedule {rule}: ")
    assert "\n" not in str(refused.value)


def test_what_the_core_lets_pass_prefect_does_too() -> None:
    for line in ("0 6 * * *", "0 0 29 2 *", "0 0 L 2 *", "0 0 * * 1#5", "*/5 * * * *"):
        prefect_schedule(schedule_to_json(Cron(line, "Europe/Berlin")) or {})


@pytest.mark.parametrize("name", ["platform", "a__b", "Weather", "..", "lockgate"])
def test_a_folder_of_a_name_that_is_no_teams_is_never_loaded(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidName):
        load_plan(tmp_path, name)

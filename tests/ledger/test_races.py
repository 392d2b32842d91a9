"""Processes that race for one slice: one version each time, no number twice or left out, the order kept."""

from typing import Any

from lockgate.core.check import Verdict
from lockgate.core.errors import LedgerError
from lockgate.core.gate import Open, decide
from lockgate.core.partitions import Daily
from lockgate.core.spec import AssetSpec, InputSpec
from lockgate.ledger import Begun, InputsMoved, Ledger
from tests.ledger.racing import race
from tests.ledger.world import World, asset

SOURCE, USE = "weather/source", "flights/use"
DAYS = Daily("2013-01-01")
RACERS = 8


def _begin(ledger: Ledger, key: str, run: str, partition: str = "", code: str = "c1", **options: Any) -> Begun:
    decision = decide(key, partition, ledger.snapshot(key, partition), force=True)
    assert isinstance(decision, Open), decision
    work = {"pins": decision.pins, "forced": False, "lease_seconds": 60.0, "code_version": code, "flow_run_id": run}
    return ledger.begin(key, partition, **{**work, **options})


def _finish(ledger: Ledger, key: str, begun: Begun, partition: str = "") -> str:
    place = f"{key}/{partition or '_'}/{begun.attempt}"
    ledger.stage(begun.attempt, begun.token, location=place, digest="d", size=1, rows=1, metadata={})
    ledger.verdict(begun.attempt, begun.token, Verdict("contract", "error", True))
    return ledger.publish(begun.attempt, begun.token).outcome


def _numbers(world: World, key: str) -> list[int]:
    rows = world.superuser.execute(
        "select number from versions where asset = %s and number is not null order by published_at, number", [key]
    ).fetchall()
    return [number for (number,) in rows]


def test_one_of_many_begins_and_the_others_name_it(world: World) -> None:
    world.deploy(asset(SOURCE))
    answers = race(world.url("weather"), RACERS, lambda ledger, number: _begin(ledger, SOURCE, f"run {number}"))
    begun = [answer for answer in answers if answer.outcome == "begun"]
    assert len(begun) == 1
    holder = world.of(SOURCE).attempts(attempt=begun[0].attempt)[0].flow_run_id
    assert {answer.holder for answer in answers if answer.outcome == "duplicate"} == {holder}


def test_runs_of_the_same_inputs_make_one_version_however_they_interleave(world: World) -> None:
    world.deploy(asset(SOURCE), asset(USE, SOURCE))
    for round_ in range(1, 6):
        world.publish(SOURCE)

        def run(ledger: Ledger, number: int) -> str:
            begun = _begin(ledger, USE, f"run {number}")
            return _finish(ledger, USE, begun) if begun.outcome == "begun" else begun.outcome

        answers = race(world.url("flights"), RACERS, run)
        assert sorted(answers) == ["duplicate"] * (RACERS - 1) + ["published"]
        assert _numbers(world, USE) == list(range(1, round_ + 1))


def test_one_attempt_published_by_many_is_one_version(world: World) -> None:
    world.deploy(asset(SOURCE))
    begun = world.prepare(SOURCE)
    answers = race(world.url("weather"), RACERS, lambda ledger, _: ledger.publish(begun.attempt, begun.token))
    assert {(answer.outcome, answer.number) for answer in answers} == {("published", 1)}
    assert _numbers(world, SOURCE) == [1]


def test_publish_and_reject_of_one_attempt_cannot_both_happen(world: World) -> None:
    world.deploy(asset(SOURCE, checks=("contract", "other")))
    for _ in range(3):
        begun = world.begin(SOURCE)
        world.stage(SOURCE, begun)

        def judge(ledger: Ledger, number: int, begun: Begun = begun) -> str:
            try:
                for name in ("contract", "other"):
                    ledger.verdict(begun.attempt, begun.token, Verdict(name, "error", bool(number % 2)))
                act = ledger.publish if number % 2 else ledger.reject
                return act(begun.attempt, begun.token).outcome
            except LedgerError as refused:
                return type(refused).__name__

        outcomes = set(race(world.url("weather"), RACERS, judge))
        assert len(outcomes & {"published", "rejected"}) <= 1
        world.superuser.execute("delete from claims")


def test_different_attempts_on_one_head_keep_numbers_gapless_and_order(world: World) -> None:
    world.deploy(asset(SOURCE), asset(USE, SOURCE))
    begun = []
    for _ in range(RACERS):
        world.publish(SOURCE)
        begun.append(world.prepare(USE))

    def publish(ledger: Ledger, number: int) -> str:
        return ledger.publish(begun[number].attempt, begun[number].token).outcome

    outcomes = race(world.url("flights"), RACERS, publish)
    assert outcomes[-1] == "published"
    assert _numbers(world, USE) == list(range(1, outcomes.count("published") + 1))
    pinned = world.superuser.execute(
        "select inputs.number from versions join inputs using (attempt)"
        " where versions.asset = %s and versions.number is not null order by versions.number", [USE]
    ).fetchall()  # fmt: skip
    assert pinned == sorted(pinned)
    current = world.of(USE).snapshot(USE, "").head(USE, "")
    assert current.inputs == {(SOURCE, ""): RACERS}


def test_of_a_slow_holder_and_those_who_take_over_one_publishes(world: World) -> None:
    world.deploy(asset(SOURCE))
    slow = world.prepare(SOURCE, run="slow")
    world.expire(slow)

    def act(ledger: Ledger, number: int) -> str:
        try:
            if number == 0:
                return ledger.publish(slow.attempt, slow.token).outcome
            begun = _begin(ledger, SOURCE, f"run {number}")
            return _finish(ledger, SOURCE, begun) if begun.outcome == "begun" else begun.outcome
        except LedgerError as refused:
            return type(refused).__name__

    outcomes = race(world.url("weather"), RACERS, act)
    assert outcomes[0] == "LeaseLost"
    assert "published" in outcomes[1:]
    assert set(outcomes) <= {"LeaseLost", "published", "duplicate"}
    assert _numbers(world, SOURCE) == list(range(1, outcomes.count("published") + 1))
    assert world.ask("select count(*) from claims") == 0


def test_renewal_and_takeover_agree_on_one_holder(world: World) -> None:
    world.deploy(asset(SOURCE))
    for _ in range(5):
        old = world.begin(SOURCE, run="old")
        world.expire(old)

        def act(ledger: Ledger, number: int, old: Begun = old) -> str:
            if number:
                return _begin(ledger, SOURCE, "new").outcome
            try:
                ledger.renew(old.attempt, old.token, 60)
            except LedgerError:
                return "lost"
            return "kept"

        renewed, taken = race(world.url("weather"), 2, act)
        assert (renewed, taken) in {("kept", "duplicate"), ("lost", "begun")}
        world.superuser.execute("delete from claims")
        world.superuser.execute("update attempts set outcome = 'failed', settled_at = now() where outcome is null")


def test_of_many_that_read_all_partitions_one_runs_and_one_waits(world: World) -> None:
    world.deploy(asset(SOURCE, partitions=DAYS), asset(USE, SOURCE))
    world.publish(SOURCE, "2013-01-01")
    world.begin(USE, run="running")
    world.publish(SOURCE, "2013-01-02")

    outcomes = race(world.url("flights"), RACERS, lambda ledger, number: _begin(ledger, USE, f"r{number}").outcome)

    assert sorted(outcomes) == ["duplicate"] * (RACERS - 1) + ["queued"]


def test_many_partitions_arriving_at_once_leave_the_newest_total(world: World) -> None:
    world.deploy(asset(SOURCE, partitions=DAYS), asset(USE, SOURCE))

    def arrive(ledger: Ledger, number: int) -> str:
        day = f"2013-01-{number + 1:02}"
        return _finish(ledger, SOURCE, _begin(ledger, SOURCE, day, day), day)

    assert race(world.url("weather"), RACERS, arrive) == ["published"] * RACERS

    def total(ledger: Ledger, number: int) -> str:
        queued = None
        while True:
            try:
                begun = _begin(ledger, USE, f"run {number}", queued=queued)
            except InputsMoved:
                continue
            if begun.outcome != "queued":
                return _finish(ledger, USE, begun) if begun.outcome == "begun" else begun.outcome
            queued = begun

    assert "published" in race(world.url("flights"), RACERS, total)
    inputs = world.of(USE).snapshot(USE, "").head(USE, "").inputs
    assert inputs == {(SOURCE, f"2013-01-{day:02}"): 1 for day in range(1, RACERS + 1)}


def test_rollback_and_publish_leave_one_history(world: World) -> None:
    world.deploy(asset(SOURCE))
    world.publish(SOURCE)
    for _ in range(3):
        world.publish(SOURCE)
        begun = world.prepare(SOURCE)

        def act(ledger: Ledger, number: int, begun: Begun = begun) -> str:
            if number == 0:
                return ledger.rollback(SOURCE, "", to_number=1, why="race").outcome
            try:
                return ledger.publish(begun.attempt, begun.token).outcome
            except LedgerError as refused:
                return type(refused).__name__

        rolled, published = race(world.url("weather"), 2, act)
        assert rolled == "published"
        assert published in {"published", "StaleHead"}
        numbers = _numbers(world, SOURCE)
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
        restored = world.ask("select restores from versions join heads on heads.current = versions.id")
        assert restored == 1
        world.superuser.execute("delete from claims")
        world.superuser.execute("update attempts set outcome = 'failed', settled_at = now() where outcome is null")


def test_two_teams_that_register_a_cycle_between_them_do_not_both_succeed(world: World) -> None:
    world.deploy(asset(SOURCE), asset(USE))
    manifests = {
        "weather": {"team": "weather", "assets": [_reading(SOURCE, USE).to_json()]},
        "flights": {"team": "flights", "assets": [_reading(USE, SOURCE).to_json()]},
    }

    def register(_: Ledger, number: int) -> str:
        team = ("weather", "flights")[number]
        with Ledger(world.url(team)) as ledger:
            try:
                ledger.register(manifests[team])
            except LedgerError as refused:
                return type(refused).__name__
        return "registered"

    assert sorted(race(world.url("weather"), 2, register)) == ["RegistrationRefused", "registered"]


def _reading(key: str, source: str) -> AssetSpec:
    return asset(key, InputSpec(source, "given"))


def test_collection_never_takes_what_is_being_published(world: World) -> None:
    world.deploy(asset(SOURCE))
    for _ in range(3):
        begun = world.prepare(SOURCE)

        def act(ledger: Ledger, number: int, begun: Begun = begun) -> str:
            if number:
                with Ledger(world.url("platform")) as platform:
                    return ",".join(platform.collect(0))
            try:
                return ledger.publish(begun.attempt, begun.token).outcome
            except LedgerError as refused:
                return type(refused).__name__

        published, collected = race(world.url("weather"), 2, act)
        assert (published, collected) == ("published", "")

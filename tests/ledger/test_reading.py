"""Reading: the gate's snapshot, the sweep's progress, history, and who sees which data."""

from lockgate.core.check import Verdict
from lockgate.core.gate import Blocked, Open, Waiting
from lockgate.core.partitions import Daily
from lockgate.core.spec import InputSpec
from lockgate.core.sweep import missing_runs
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE, MID, END = "weather/source", "flights/mid", "delays/end"
DAYS = Daily("2013-01-01")
ONE, TWO = "2013-01-01", "2013-01-02"


def _chain(world: World) -> World:
    world.deploy(asset(SOURCE, shared_with=("flights",)), asset(MID, SOURCE), asset(END, MID))
    return world


def test_the_gate_sees_a_rejection_far_above_what_it_may_read(world: World) -> None:
    _chain(world)
    for key in (SOURCE, MID, END):
        world.publish(key)
    world.reject(SOURCE)
    decision = world.decide(END)
    assert isinstance(decision, Blocked)
    assert [(reason.asset, reason.via) for reason in decision.reasons] == [(SOURCE, MID)]


def test_a_snapshot_holds_the_asset_and_its_ancestors_and_no_location(world: World) -> None:
    _chain(world)
    world.publish(SOURCE)
    world.publish(MID)
    snapshot = world.ledger("delays").snapshot(MID, "")
    assert sorted(snapshot.assets) == [MID, SOURCE]
    head = snapshot.head(MID, "")
    assert (head.judged, head.number, head.code_version, head.inputs) == ("published", 1, "c1", {(SOURCE, ""): 1})
    assert head.confirmed > head.pinned_at > 0
    assert sorted(world.ledger("delays").snapshot_all().assets) == [END, MID, SOURCE]


def test_a_snapshot_of_a_partition_leaves_out_the_other_ones(world: World) -> None:
    world.deploy(asset(SOURCE, partitions=DAYS), asset("weather/whole"))
    world.deploy(asset(MID, SOURCE, "weather/whole", partitions=DAYS))
    for day in (ONE, TWO):
        world.publish(SOURCE, day)
    world.publish("weather/whole")
    assert set(world.of(MID).snapshot(MID, ONE).heads) == {(SOURCE, ONE), ("weather/whole", "")}


def test_a_snapshot_below_a_fan_in_holds_all_partitions(world: World) -> None:
    world.deploy(asset(SOURCE, partitions=DAYS), asset(MID, SOURCE), asset(END, MID, partitions=DAYS))
    for day in (ONE, TWO):
        world.publish(SOURCE, day)
    world.publish(MID)
    world.reject(SOURCE, TWO)
    assert isinstance(world.decide(END, ONE), Blocked)


def test_wants_all_sees_a_confirmation_after_its_pins(world: World) -> None:
    world.deploy(asset(SOURCE), asset("weather/b", SOURCE), asset("weather/c"))
    spec = asset(END, "weather/b", "weather/c")
    world.deploy(type(spec)(**{**vars(spec), "wants": "all"}))
    for key in (SOURCE, "weather/b", "weather/c", END, "weather/c"):
        world.publish(key)
    assert isinstance(world.decide(END), Waiting)
    pins = world.pins("weather/b")
    world.of("weather/b").confirm("weather/b", "", code_version="c1", flow_run_id="r", pins=pins)
    assert not isinstance(world.decide(END), Waiting)


@proves("versions_of_own", "versions_shared", "versions_platform", "versions_row_security")
def test_versions_are_seen_by_their_owner_and_published_ones_by_those_they_are_shared_with(world: World) -> None:
    _chain(world)
    world.publish(SOURCE)
    world.prepare(SOURCE)
    seen = {
        login: world.raw(login).execute("select count(*) from lockgate.versions").fetchone()[0]  # type: ignore[index]
        for login in ("weather", "flights", "delays", "platform")
    }
    assert seen == {"weather": 2, "flights": 1, "delays": 0, "platform": 2}
    assert world.ledger("delays").version(SOURCE, "") is None


@proves("verdicts_of_own", "verdicts_shared", "verdicts_platform", "verdicts_row_security")
def test_evidence_is_seen_by_the_owner_and_of_published_versions_by_readers(world: World) -> None:
    _chain(world)
    published, rejected = world.prepare(SOURCE), None
    world.of(SOURCE).publish(published.attempt, published.token)
    rejected = world.prepare(SOURCE, "", "contract")
    world.of(SOURCE).reject(rejected.attempt, rejected.token)
    assert len(world.ledger("weather").verdicts(rejected.attempt)) == 1
    assert len(world.ledger("platform").verdicts(rejected.attempt)) == 1
    assert world.ledger("flights").verdicts(rejected.attempt) == ()
    assert len(world.ledger("flights").verdicts(published.attempt)) == 1
    assert world.ledger("delays").verdicts(published.attempt) == ()


@proves("private_reason")
def test_outcomes_are_everybodys_but_reasons_are_not(world: World) -> None:
    _chain(world)
    begun = world.begin(SOURCE, run="mine")
    world.of(SOURCE).fail(begun.attempt, begun.token, "secret 42")
    for login, reason in (("weather", {"why": "secret 42"}), ("platform", {"why": "secret 42"}), ("delays", {})):
        (attempt,) = world.ledger(login).attempts(flow_run_id="mine")
        assert (attempt.outcome, attempt.reason) == ("failed", reason)


def test_history_is_newest_first_and_can_be_narrowed(world: World) -> None:
    _chain(world)
    world.publish(SOURCE)
    world.publish(MID)
    world.publish(SOURCE)
    found = world.ledger("delays").attempts()
    assert [(a.asset, a.version, a.inputs) for a in found] == [(SOURCE, 2, {}), (MID, 1, {SOURCE: 1}), (SOURCE, 1, {})]
    assert [a.version for a in world.ledger("delays").attempts(key=SOURCE, partition="", limit=1)] == [2]
    assert found[0].started_at.tzinfo
    assert found[0].finished_at


def test_a_blocked_run_is_recorded_with_its_reasons(world: World) -> None:
    _chain(world)
    world.reject(SOURCE)
    decision = world.decide(MID)
    assert isinstance(decision, Blocked)
    number = world.of(MID).record(
        MID, "", outcome="blocked", code_version="c1", flow_run_id="r", reasons=decision.reasons
    )
    (attempt,) = world.of(MID).attempts(attempt=number)
    assert attempt.outcome == "blocked"
    assert attempt.reason["reasons"][0]["checks"] == ["contract"]


def test_status_shows_every_slice_and_assets_that_never_ran(world: World) -> None:
    _chain(world)
    world.publish(SOURCE)
    world.reject(SOURCE)
    by_asset = {found.asset: found for found in world.ledger("platform").status()}
    assert sorted(by_asset) == [END, MID, SOURCE]
    source = by_asset[SOURCE]
    assert (source.partition, source.outcome, source.version, source.rows) == ("", "rejected", 1, 1)
    assert source.checks == (Verdict("contract", "error", False, 0, 1, "message", "xx9"),)
    assert (by_asset[END].partition, by_asset[END].outcome) == (None, None)


def test_the_sweep_starts_what_an_event_lost_and_nothing_twice(world: World) -> None:
    _chain(world)
    platform = world.ledger("platform")

    def missing() -> list[tuple[str, int]]:
        found = missing_runs(platform.snapshot_all(), platform.progress())
        return [(start.key, start.ordinal) for start in found]

    world.publish(SOURCE)
    assert missing() == [(MID, 0)]
    begun = world.begin(MID)
    assert missing() == []
    world.of(MID).fail(begun.attempt, begun.token, "x")
    assert missing() == [(MID, 1)]
    for _ in range(2):
        begun = world.begin(MID)
        world.of(MID).fail(begun.attempt, begun.token, "x")
    assert missing() == []
    world.publish(SOURCE)
    assert missing() == [(MID, 0)]
    world.reject(MID)
    assert missing() == []
    world.deploy(asset(MID, SOURCE, code="c2"))
    assert missing() == [(MID, 0)]


def test_progress_counts_attempts_on_what_is_current_only(world: World) -> None:
    """What the current version itself was made from, its head tells; older attempts count no more."""
    world.deploy(asset(SOURCE), asset(MID, InputSpec(SOURCE, "s")))
    for _ in range(2):
        world.publish(SOURCE)
        for _ in range(2):
            begun = world.begin(MID)
            world.of(MID).fail(begun.attempt, begun.token, "x")
    (version,) = (pin.version_id for pin in world.pins(MID))
    ((where, tried),) = world.ledger("platform").progress().tried.items()
    assert where == ((MID, ""), frozenset({version}), "c1")
    assert (tried.outcomes, tried.declined) == (("failed", "failed"), False)
    assert 0 <= tried.idle < 60

    world.publish(MID)
    assert world.ledger("platform").progress().tried == {}


def test_a_snapshot_holds_what_the_versions_were_made_from_though_it_is_read_no_more(world: World) -> None:
    """Dropped by its reader, or with its own team's code: its rejection stays in what was made from it."""
    _chain(world)
    for key in (SOURCE, MID, END):
        world.publish(key)
    world.reject(SOURCE)
    world.deploy(asset(MID))
    decision = world.decide(END)
    assert isinstance(decision, Blocked)
    assert [(reason.asset, reason.via) for reason in decision.reasons] == [(SOURCE, MID)]

    world.ledger("weather").register({"team": "weather", "assets": []})
    assert isinstance(world.decide(END), Blocked)
    world.publish(MID)
    assert isinstance(world.decide(END), Open)


def test_an_input_that_is_read_again_is_not_counted_as_dropped(world: World) -> None:
    _chain(world)
    world.deploy(asset(MID))
    world.deploy(asset(MID, SOURCE))
    dropped = "select asset, input from lockgate.dropped_inputs"
    assert world.superuser.execute(dropped).fetchall() == []


def test_partitions_that_an_asset_has_no_longer_are_neither_seen_nor_asked_for(world: World) -> None:
    """Narrowed, or partitioned where it was not: a fan-in pins what there is now."""
    whole = "flights/whole"
    world.deploy(asset(SOURCE), asset(whole, SOURCE))
    world.publish(SOURCE)
    world.deploy(asset(SOURCE, partitions=DAYS))
    assert isinstance(world.decide(whole), Waiting)
    world.publish(SOURCE, ONE)
    world.publish(SOURCE, TWO)
    world.reject(SOURCE, ONE)
    assert isinstance(world.decide(whole), Blocked)
    world.deploy(asset(SOURCE, partitions=Daily(TWO)))
    world.publish(whole)
    head = world.of(whole).snapshot(whole, "").head(whole, "")
    assert set(head.inputs) == {(SOURCE, TWO)}

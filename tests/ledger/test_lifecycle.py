"""From the beginning of an attempt to its end: what becomes visible, when, and to whom."""

import pytest

from lockgate.core.check import Verdict
from lockgate.core.errors import LedgerError
from lockgate.core.gate import Blocked, Open, Pin, Unchanged, Waiting
from lockgate.core.spec import CheckSpec
from lockgate.ledger import (
    AttemptSettled,
    Forbidden,
    InvalidRequest,
    LeaseLost,
    NothingStaged,
    StaleHead,
    VerdictRefused,
)
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE, USE = "weather/source", "flights/use"


def test_a_value_becomes_visible_only_by_publish(pair: World) -> None:
    begun = pair.begin(SOURCE)
    pair.stage(SOURCE, begun)
    pair.judge(SOURCE, begun)
    assert pair.of(SOURCE).version(SOURCE, "") is None

    published = pair.of(SOURCE).publish(begun.attempt, begun.token)

    assert (published.outcome, published.number) == ("published", 1)
    found = pair.ledger("flights").version(SOURCE, "")
    assert found is not None
    assert (found.version_id, found.number, found.location) == (published.version_id, 1, f"{SOURCE}/_/{begun.attempt}")
    assert (found.digest, found.rows, found.metadata) == ("d", 1, {})


def test_numbers_follow_each_other_per_slice_and_old_ones_stay_readable(pair: World) -> None:
    assert [pair.publish(SOURCE).number for _ in range(3)] == [1, 2, 3]
    assert pair.publish(USE).number == 1
    old = pair.of(SOURCE).version(SOURCE, "", 2)
    assert old is not None
    assert old.number == 2
    assert pair.of(SOURCE).version(SOURCE, "", 9) is None


def test_the_next_gate_pins_what_was_published(pair: World) -> None:
    assert isinstance(pair.decide(USE), Waiting)
    published = pair.publish(SOURCE)
    assert pair.decide(USE) == Open((Pin(SOURCE, "", 1, published.version_id or 0),))
    pair.publish(USE)
    assert isinstance(pair.decide(USE), Unchanged)


@proves("verdicts_given")
@pytest.mark.parametrize("missing", ["contract", "fresh"])
def test_publish_refuses_an_attempt_that_lacks_a_verdict_of_an_error_check(world: World, missing: str) -> None:
    world.deploy(asset(SOURCE, checks=("contract", "fresh")))
    begun = world.begin(SOURCE)
    world.stage(SOURCE, begun)
    given = "fresh" if missing == "contract" else "contract"
    world.of(SOURCE).verdict(begun.attempt, begun.token, Verdict(given, "error", True))
    with pytest.raises(VerdictRefused, match=f"no verdict of {missing}"):
        world.of(SOURCE).publish(begun.attempt, begun.token)


@proves("checks_passed")
def test_publish_refuses_a_failed_error_check_and_names_it(pair: World) -> None:
    begun = pair.prepare(SOURCE, "", "contract")
    with pytest.raises(VerdictRefused, match=r"weather/source: attempt \d+ failed contract"):
        pair.of(SOURCE).publish(begun.attempt, begun.token)


def test_a_warning_blocks_nothing_failed_or_not_given(world: World) -> None:
    world.deploy(asset(SOURCE, checks=("contract", CheckSpec("late", "warn"), CheckSpec("odd", "warn"))))
    begun = world.begin(SOURCE)
    world.stage(SOURCE, begun)
    world.of(SOURCE).verdict(begun.attempt, begun.token, Verdict("contract", "error", True))
    world.of(SOURCE).verdict(begun.attempt, begun.token, Verdict("late", "warn", False, 1, 2))
    assert world.of(SOURCE).publish(begun.attempt, begun.token).outcome == "published"


@proves("verdict_once")
def test_a_verdict_may_be_repeated_but_not_changed(pair: World) -> None:
    begun = pair.begin(SOURCE)
    failed = Verdict("contract", "error", False, 3, 10)
    for _ in range(2):
        pair.of(SOURCE).verdict(begun.attempt, begun.token, failed)
    with pytest.raises(VerdictRefused, match="another verdict already"):
        pair.of(SOURCE).verdict(begun.attempt, begun.token, Verdict("contract", "error", True))
    assert pair.of(SOURCE).verdicts(begun.attempt) == (failed,)


@proves("known_check")
def test_a_verdict_of_no_check_of_the_attempt_is_refused(pair: World) -> None:
    begun = pair.begin(SOURCE)
    with pytest.raises(VerdictRefused, match="has no check invented"):
        pair.of(SOURCE).verdict(begun.attempt, begun.token, Verdict("invented", "error", True))


def test_a_redeploy_in_the_middle_changes_nothing_for_a_run_under_way(pair: World) -> None:
    begun = pair.prepare(SOURCE)
    pair.deploy(asset(SOURCE, code="c2", checks=("contract", "later")))
    assert pair.of(SOURCE).publish(begun.attempt, begun.token).outcome == "published"


@proves("staged_once")
def test_staging_may_be_repeated_but_not_changed(pair: World) -> None:
    begun = pair.begin(SOURCE)
    for _ in range(2):
        pair.stage(SOURCE, begun)
    with pytest.raises(NothingStaged, match="staged another value"):
        pair.stage(SOURCE, begun, digest="other")


@proves("staged")
def test_publish_refuses_an_attempt_that_staged_nothing(pair: World) -> None:
    begun = pair.begin(SOURCE)
    pair.judge(SOURCE, begun)
    with pytest.raises(NothingStaged):
        pair.of(SOURCE).publish(begun.attempt, begun.token)


@proves("versions_location")
@pytest.mark.parametrize(
    "location",
    ["flights/use/_/{attempt}", "weather/source/_/1", "weather/source", "weather/source/_/{attempt}/../../x", "/etc"],
)
def test_a_value_lies_in_the_folder_of_its_own_attempt(pair: World, location: str) -> None:
    pair.publish(SOURCE)
    begun = pair.begin(SOURCE)
    with pytest.raises(LedgerError, match="versions_location"):
        pair.of(SOURCE).stage(
            begun.attempt, begun.token, location=location.format(attempt=begun.attempt), digest="d", size=1, rows=1,
            metadata={},
        )  # fmt: skip


def test_an_effect_is_published_without_a_value(world: World) -> None:
    world.deploy(asset(SOURCE), asset(USE, SOURCE, effect=True))
    world.publish(SOURCE)
    assert world.publish(USE).number == 1
    found = world.of(USE).version(USE, "")
    assert found is not None
    assert found.location is None


def test_publish_and_reject_say_the_same_again(pair: World) -> None:
    begun = pair.prepare(SOURCE)
    first = pair.of(SOURCE).publish(begun.attempt, begun.token)
    pair.publish(SOURCE)
    assert pair.of(SOURCE).publish(begun.attempt, begun.token) == first
    rejected = pair.prepare(SOURCE, "", "contract")
    answers = {pair.of(SOURCE).reject(rejected.attempt, rejected.token).outcome for _ in range(2)}
    assert answers == {"rejected"}


@proves("open")
def test_a_settled_attempt_takes_nothing_more(pair: World) -> None:
    begun = pair.prepare(SOURCE, "", "contract")
    pair.of(SOURCE).reject(begun.attempt, begun.token)
    for again in (lambda: pair.stage(SOURCE, begun), lambda: pair.judge(SOURCE, begun)):
        with pytest.raises(AttemptSettled, match="is rejected already"):
            again()
    with pytest.raises(AttemptSettled):
        pair.of(SOURCE).publish(begun.attempt, begun.token)


def test_a_rejection_leaves_the_last_good_version_current_and_shuts_the_gate_below(pair: World) -> None:
    pair.publish(SOURCE)
    pair.publish(USE)
    assert pair.reject(SOURCE).outcome == "rejected"

    current = pair.of(SOURCE).version(SOURCE, "")
    assert current is not None
    assert current.number == 1
    decision = pair.decide(USE)
    assert isinstance(decision, Blocked)
    assert [(reason.asset, reason.checks) for reason in decision.reasons] == [(SOURCE, ("contract",))]


def test_a_rejection_is_cleared_by_a_publish_and_by_nothing_less(pair: World) -> None:
    pair.publish(SOURCE)
    pair.reject(SOURCE)
    begun = pair.begin(SOURCE)
    pair.of(SOURCE).fail(begun.attempt, begun.token, "ValueError")
    for outcome in ("failed", "waiting", "blocked"):
        pair.of(SOURCE).record(SOURCE, "", outcome=outcome, code_version="c1", flow_run_id="r", reasons=())
    assert isinstance(pair.decide(USE), Blocked)
    pair.publish(SOURCE)
    assert isinstance(pair.decide(USE), Open)


@proves("check_failed")
def test_rejecting_needs_a_failed_check_and_all_verdicts(world: World) -> None:
    world.deploy(asset(SOURCE, checks=("contract", "fresh")))
    begun = world.begin(SOURCE)
    with pytest.raises(VerdictRefused, match="no verdict of contract, fresh"):
        world.of(SOURCE).reject(begun.attempt, begun.token)
    world.judge(SOURCE, begun)
    with pytest.raises(VerdictRefused, match="failed no check"):
        world.of(SOURCE).reject(begun.attempt, begun.token)


def test_a_failed_attempt_frees_the_claim_and_keeps_why(pair: World) -> None:
    begun = pair.begin(SOURCE)
    for why in ("ValueError", "said again"):
        pair.of(SOURCE).fail(begun.attempt, begun.token, why)
    (attempt,) = pair.of(SOURCE).attempts(attempt=begun.attempt)
    assert (attempt.outcome, attempt.reason) == ("failed", {"why": "ValueError"})
    assert pair.begin(SOURCE).outcome == "begun"


@proves("fail_open")
def test_failing_never_undoes_a_publish(pair: World) -> None:
    begun = pair.prepare(SOURCE)
    pair.of(SOURCE).publish(begun.attempt, begun.token)
    pair.of(SOURCE).fail(begun.attempt, begun.token, "lost the answer")
    assert pair.of(SOURCE).attempts(attempt=begun.attempt)[0].outcome == "published"


@proves("judges_nothing")
def test_only_outcomes_that_judge_nothing_can_be_recorded(pair: World) -> None:
    for outcome in ("unchanged", "duplicate", "published", "rejected", "superseded"):
        with pytest.raises(InvalidRequest):
            pair.of(SOURCE).record(SOURCE, "", outcome=outcome, code_version="c1", flow_run_id="r", reasons=())


def test_another_team_has_no_part_in_an_attempt(pair: World) -> None:
    begun = pair.prepare(SOURCE)
    stranger = pair.ledger("flights")
    for attack in (
        lambda: stranger.publish(begun.attempt, begun.token),
        lambda: stranger.reject(begun.attempt, begun.token),
        lambda: stranger.fail(begun.attempt, begun.token, "x"),
        lambda: stranger.renew(begun.attempt, begun.token, 60),
        lambda: stranger.verdict(begun.attempt, begun.token, Verdict("contract", "error", True)),
        lambda: stranger.rollback(SOURCE, "", to_number=1, why="x"),
        lambda: stranger.record(SOURCE, "", outcome="failed", code_version="c1", flow_run_id="r", reasons=()),
    ):
        with pytest.raises(Forbidden):
            attack()


@proves("token")
def test_a_wrong_token_is_refused(pair: World) -> None:
    begun = pair.prepare(SOURCE)
    with pytest.raises(LeaseLost):
        pair.of(SOURCE).publish(begun.attempt, begun.token + 1)


@proves("stale_head")
def test_what_began_before_a_rollback_judges_nothing(pair: World) -> None:
    pair.publish(SOURCE)
    pair.publish(SOURCE)
    good = pair.prepare(SOURCE)
    pair.of(SOURCE).rollback(SOURCE, "", to_number=1, why="wrong unit")
    with pytest.raises(StaleHead, match="was rolled back since"):
        pair.of(SOURCE).publish(good.attempt, good.token)
    pair.of(SOURCE).fail(good.attempt, good.token, "x")
    bad = pair.prepare(SOURCE, "", "contract")
    pair.of(SOURCE).rollback(SOURCE, "", to_number=1, why="again")
    with pytest.raises(StaleHead):
        pair.of(SOURCE).reject(bad.attempt, bad.token)

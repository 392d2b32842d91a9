"""Contracts and checks: what is judged is what is published."""

import pytest

from tests.running import Ended, Live


@pytest.fixture(scope="module")
def checked(live: Live) -> dict[str, Ended]:
    """One run of each asset that is about checks, all on one day."""
    day = live.new_day()
    live.steer("coerced", day, values=["1", "2"])
    live.steer("readings", day, values=[7.0])
    names = ("coerced", "dropping", "doubted", "readings")
    runs = live.run_all(*((f"alpha/{name}", day) for name in names))
    return dict(zip(names, runs, strict=True)) | {"uncoercible": uncoercible(live)}


def uncoercible(live: Live) -> Ended:
    day = live.new_day()
    live.steer("coerced", day, values=["1", "fortytwo"])
    return live.run("alpha/coerced", day)


def partition(run: Ended) -> str:
    return str(run.flow_run.parameters["partition"])


def test_a_contract_that_coerces_is_applied_before_staging_so_what_is_checked_is_what_is_published(
    live: Live, checked: dict[str, Ended]
) -> None:
    """Checks see the coerced value, and readers get the same."""
    assert checked["coerced"].outcome == "published"
    assert live.load("alpha/coerced", partition(checked["coerced"]))["value"].tolist() == [1, 2]


def test_a_check_that_changes_its_value_changes_neither_the_published_one_nor_another_checks(
    live: Live, checked: dict[str, Ended]
) -> None:
    """Each check has a copy of its own."""
    assert live.tasks(checked["coerced"])["check sees_it_unspoilt"] == "Completed"
    assert (live.load("alpha/coerced", partition(checked["coerced"]))["value"] > 0).all()


def test_a_value_that_cannot_be_coerced_is_rejected(live: Live, checked: dict[str, Ended]) -> None:
    """It reaches the contract's check as it is, which says so without quoting it."""
    assert checked["uncoercible"].outcome == "rejected"
    assert live.tasks(checked["uncoercible"])["check contract"] == "Failed"
    assert "fortytwo" not in checked["uncoercible"].message


def test_a_value_that_its_contract_would_drop_rows_of_is_rejected(live: Live, checked: dict[str, Ended]) -> None:
    """Rows never vanish silently: the contract's verdict says how many would have."""
    assert checked["dropping"].outcome == "rejected"
    assert live.tasks(checked["dropping"])["check contract"] == "Failed"
    assert "turned 2 rows into 1" in checked["dropping"].message


def test_a_check_that_raises_has_failed_and_its_message_is_not_repeated(checked: dict[str, Ended]) -> None:
    """No verdict is no pass; what the exception says may be data."""
    assert checked["doubted"].outcome == "rejected"
    assert "crashes: raised ValueError at assets.py" in checked["doubted"].message
    assert "4711" not in checked["doubted"].message


def test_a_warning_is_recorded_and_shown_and_lets_the_version_be_published(
    live: Live, checked: dict[str, Ended]
) -> None:
    """Severity ``warn`` tells people; only ``error`` stops data."""
    run = checked["readings"]
    assert run.outcome == "published"
    assert live.tasks(run)["check at_least_two_rows"] == "Warned"
    with live.ledger() as ledger:
        verdicts = {verdict.name: verdict.passed for verdict in ledger.verdicts(run.attempts[0].attempt)}
    assert verdicts == {"contract": True, "below_the_limit": True, "at_least_two_rows": False}

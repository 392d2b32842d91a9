"""The three invariants of the seed architecture, each by its name."""

import pytest

from lockgate.ledger import Forbidden, Ledger
from tests.fundamentals.conftest import BadDay
from tests.fundamentals.teams import deploy, edited, write_team
from tests.running import BROKEN, Live


def test_isolation_invariant_a_failure_in_one_team_cannot_prevent_another_teams_runs(live: Live, day: str) -> None:
    """Neither code that cannot be imported nor a run that kills its own process touches another team."""
    # given a team that could not be deployed, and one whose run dies
    assert list(live.broken) == [BROKEN]
    assert "nothing_of_that_name" in str(live.broken[BROKEN])
    live.steer("fragile", day, die=True)

    # when two teams run at once
    dying, sound = live.run_all(("beta/fragile", day), ("alpha/solo", day))

    # then the one's death is its own
    assert dying.state.is_crashed()
    assert sound.outcome == "published"
    assert live.run("beta/fragile", live.new_day()).outcome == "published"


def test_validation_invariant_a_downstream_asset_cannot_run_unless_all_upstream_checks_pass(
    live: Live, bad_day: BadDay
) -> None:
    """However a run is started, it begins with a gate that proves its inputs: nothing of it computes."""
    for run in (bad_day.summary, bad_day.forced, bad_day.report):
        assert run.outcome == "blocked"
        assert live.tasks(run) == {"gate": "Completed"}
    assert live.calls("summary", bad_day.day) == 1


def test_ownership_invariant_only_the_owner_may_declare_checks_of_an_asset(live: Live) -> None:
    """A check of another team's asset is refused at deploy."""
    write_team(live, "@team.check('alpha/solo')\ndef ours(value):\n    return True")
    assert "belongs to team alpha" in deploy(live, BROKEN)[BROKEN]


def test_ownership_invariant_a_team_reads_only_what_is_shared_with_it(live: Live) -> None:
    """Reading an asset that its owner does not share is refused at deploy, in words that name the cure."""
    write_team(live, "@team.asset(inputs={'solo': 'alpha/solo'}, partitions=DAYS)\ndef copy(solo):\n    return solo")
    refused = deploy(live, BROKEN)[BROKEN]
    assert "which team alpha does not share with delta" in refused
    assert 'Let team alpha add "delta" to shared_with' in refused


def test_ownership_invariant_a_share_that_is_withdrawn_blocks_the_reader_at_its_next_run(live: Live, day: str) -> None:
    """What was agreed at deploy is proven again by every run's gate, without a deploy of the reader."""
    live.run("alpha/levels", day)
    live.started_by_event("gamma/lenient", day)
    share, no_share = "shared_with=BOTH)\ndef levels", 'shared_with=["beta"])\ndef levels'
    try:
        with edited(live, "alpha", share, no_share):
            assert deploy(live, "alpha") == {"alpha": ""}
        blocked = live.run("gamma/lenient", day, force=True)
    finally:
        deploy(live, "alpha")

    assert blocked.message == "alpha/levels is not shared with this team; team alpha can add it to shared_with"
    assert live.run("gamma/lenient", day, force=True).outcome == "published"


def test_ownership_invariant_the_ledger_lets_nobody_write_for_another_team(live: Live, day: str) -> None:
    """The database itself knows the teams: a team's login cannot touch another team's asset, whatever its code says."""
    live.run("alpha/solo", day)
    with Ledger(live.ledger_url("beta")) as ledger, pytest.raises(Forbidden, match="alpha"):
        ledger.rollback("alpha/solo", day, to_number=1, why="not ours")

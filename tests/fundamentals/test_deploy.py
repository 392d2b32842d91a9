"""Deploying a team: as a whole or not at all, by lockgate or by plain Prefect."""

import pytest

from tests.fundamentals.teams import deploy, deployed, edited, write_team
from tests.running import BROKEN, Done, Live

COPIES = """
    @team.asset(
        inputs={"catalogue": "alpha/catalogue"}, shared_with=["alpha"], tags=["made"],
        schedule="0 6 1 1 *", description="Copies {{ prefect.blocks.secret.token }} of {{ $HOME }}, {{ team }} and {{",
    )
    def copy(catalogue):
        return catalogue

    @team.asset(partitions=Static("eu_west", "eu-west", "EU-west", "eu.west"), schedule="0 6 1 1 *")
    def by_region(partition):
        return partition

    @team.asset(inputs={"copy": "delta/copy"}, partitions=DAYS)
    def daily_copy(copy):
        return copy

    team.job("nightly", assets=[copy, "daily_copy"], schedule="0 2 * * *")
"""
ONE_ASSET = """
    @team.asset()
    def alone():
        return 1
"""


def prefect_deploy(live: Live, team: str = BROKEN) -> Done:
    """The real command, for the one team."""
    file = f"teams/{team}/prefect.yaml"
    return live.command("--no-prompt", "deploy", "--all", "--prefect-file", file, program="prefect")


@pytest.fixture
def copies(live: Live) -> None:
    """Team delta is deployed, with two assets."""
    write_team(live, COPIES)
    assert deploy(live, BROKEN) == {BROKEN: ""}


def test_plain_prefect_deploy_alone_deploys_and_registers_a_team(live: Live) -> None:
    """`prefect deploy --all` on a team's file does all that `lockgate deploy` does: no second tool is needed."""
    # given a team that was never deployed as it is now
    write_team(live, ONE_ASSET)
    deploy(live, BROKEN)
    write_team(live, COPIES)

    # when Prefect alone deploys it
    done = prefect_deploy(live)
    assert done.code == 0, done.err + done.out
    by_prefect = deployed(live)

    # then it is registered, and what was taken out of its code is gone
    assert set(by_prefect["registered"]) == {"delta/copy", "delta/daily_copy", "delta/by_region"}
    jobs = {"delta/@all", "delta/@nightly"}
    assert set(by_prefect["deployments"]) == {"delta/copy", "delta/daily_copy", "delta/by_region", *jobs}
    assert set(by_prefect["automations"]) == {"alpha/catalogue -> delta/copy"}

    # its texts are what the code says, braces and all, and each of its partitions has a schedule of its own
    told = "Copies {{ prefect.blocks.secret.token }} of {{ $HOME }}, {{ team }} and {{"
    assert by_prefect["deployments"]["delta/copy"]["description"] == told
    assert len(by_prefect["deployments"]["delta/by_region"]["schedules"]) == 4
    assert live.command("plan", BROKEN, "--exit-code").code == 0

    # and lockgate makes exactly the same of it
    assert deploy(live, BROKEN) == {BROKEN: ""}
    assert deployed(live) == by_prefect


def test_plain_prefect_deploy_refuses_a_file_that_is_not_what_the_code_says(live: Live, copies: None) -> None:
    """Code and Prefect file go together, or nothing changes."""
    before = deployed(live)
    write_team(live, ONE_ASSET, generated=False)

    done = prefect_deploy(live)

    assert done.code != 0
    assert one_sentence(done).endswith("prefect.yaml is not what the code says. Run: lockgate generate delta")
    assert deployed(live) == before


def test_plain_prefect_deploy_refuses_code_that_cannot_be_imported(live: Live, copies: None) -> None:
    """Nothing of a team is changed before all of it can be loaded."""
    before = deployed(live)
    write_team(live, "import nothing_of_that_name", generated=False)

    done = prefect_deploy(live)

    assert done.code != 0
    assert "cannot be imported: ModuleNotFoundError: No module named 'nothing_of_that_name'" in one_sentence(done)
    assert deployed(live) == before


def one_sentence(done: Done) -> str:
    """What lockgate said, which must not drown in a traceback."""
    assert "Traceback" not in done.err + done.out
    (said,) = (line for line in (done.err + done.out).splitlines() if line.startswith("lockgate: "))
    return said


def test_an_asset_taken_out_of_the_code_takes_its_deployment_and_automations_with_it(live: Live, copies: None) -> None:
    """What is deployed is what the code says, no more; what it published stays in the ledger."""
    write_team(live, ONE_ASSET)
    deploy(live, BROKEN)
    found = deployed(live)
    assert set(found["registered"]) == {"delta/alone"}
    assert set(found["deployments"]) == {"delta/alone", "delta/@all"}
    assert found["automations"] == {}


def test_an_automation_keeps_its_identity_when_a_team_is_deployed_again(live: Live, copies: None) -> None:
    """Changed in place, so that no event falls between an old automation and a new one."""

    def ids() -> dict[str, str]:
        return {found["name"]: found["id"] for found in live.automations()}

    before = ids()
    assert deploy(live, BROKEN) == {BROKEN: ""}
    assert ids() == before


def test_one_teams_broken_code_does_not_stop_another_teams_deploy(live: Live, copies: None) -> None:
    """Each team's code is loaded in a process of its own, and each team is deployed for itself."""
    before = deployed(live)
    write_team(live, "raise RuntimeError('not today')", generated=False)

    results = deploy(live, BROKEN, "gamma")

    assert "RuntimeError: not today" in results[BROKEN]
    assert results["gamma"] == ""
    assert deployed(live) == before


def test_a_cycle_between_teams_is_refused_and_shown(live: Live, copies: None) -> None:
    """Neither team can see it alone: the deploy that would close it is refused, and changes nothing."""
    no_inputs = '@team.asset(shared_with=["*"])\ndef catalogue():'
    closing = '@team.asset(inputs={"copy": "delta/copy"}, shared_with=["*"])\ndef catalogue(copy):'
    with edited(live, "alpha", no_inputs, closing):
        done = live.command("deploy", "alpha")

    assert done.code == 1
    assert "assets depend on themselves: " in done.err
    assert "alpha/catalogue -> delta/copy -> alpha/catalogue" in done.err
    with live.ledger() as ledger:
        assert ledger.registry()["alpha/catalogue"].inputs == ()

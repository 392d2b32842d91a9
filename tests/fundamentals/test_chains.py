"""Several assets of one team in one flow run: each as if it ran alone, and no way between them but the shortest."""

import json
from collections.abc import Sequence

import pytest
from prefect.client.schemas.objects import StateType

from tests.running import DEADLINE, Ended, Live, until

CHAIN = ("trunk", "branch", "twig", "stone")


def run_job(live: Live, partition: str, *, job: str = "beta/@grow", assets: Sequence[str] | None = None) -> Ended:
    """Start a job as anybody could from Prefect's UI, and wait until it is over."""
    deployment = live.client.read_deployment_by_name(job)
    parameters = {"partition": partition, "assets": assets}
    return live.ended(str(live.client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id))


def outcomes(ended: Ended) -> dict[str, str | None]:
    """Per asset of a job's run, its outcome."""
    return {attempt.asset.removeprefix("beta/"): attempt.outcome for attempt in ended.attempts}


def test_a_job_runs_its_assets_in_the_order_of_their_inputs_each_judged_as_alone(live: Live, day: str) -> None:
    """One flow run, with the six steps of each asset as its tasks; each reads what the one before published."""
    ended = run_job(live, day)

    assert ended.state.type == StateType.COMPLETED
    assert ended.message == "4 completed"
    assert outcomes(ended) == dict.fromkeys(CHAIN, "published")
    assert live.load("beta/twig", day) == [1.0, 2.0] * 3
    (twig,) = live.attempts("beta/twig", day)
    assert twig.inputs == {f"beta/branch [{day}]": 1}

    steps = {f"{name} [{day}]: {step}" for name in CHAIN for step in ("gate", "compute", "stage", "publish")}
    steps.add(f"trunk [{day}]: check trunk_is_positive")
    tasks = until(lambda: found if set(found := list(live.tasks(ended))) == steps else None, f"the tasks {steps}")
    assert tasks.index(f"trunk [{day}]: publish") < tasks.index(f"branch [{day}]: gate")
    assert tasks.index(f"branch [{day}]: publish") < tasks.index(f"twig [{day}]: gate")


def test_what_a_job_publishes_starts_other_teams_and_nothing_of_its_own_twice(live: Live, day: str) -> None:
    """The events are those of a run alone, but for the dependents that the job runs itself."""
    run_job(live, day)

    nest = live.started_by_event("gamma/nest", day)

    assert nest.outcome == "published"
    assert not [run for name in CHAIN for run in live.runs_of(f"beta/{name}", day)]
    assert len(live.attempts("beta/branch", day)) == 1


def test_an_asset_alone_still_starts_its_dependents_in_its_own_team(live: Live, day: str) -> None:
    """So does a job for those that are not in it; what it runs as well is done once."""
    live.run("beta/trunk", day)
    assert live.started_by_event("beta/twig", day).outcome == "published"

    other = live.new_day()
    run_job(live, other, job="beta/@all", assets=["trunk", "branch"])
    assert live.started_by_event("beta/twig", other).outcome == "published"
    assert live.version("beta/branch", other) == 1


def test_a_rejection_in_a_job_blocks_what_is_downstream_of_it_and_nothing_else(live: Live, day: str) -> None:
    """The others are published; the run is named after the worst and says what became of each."""
    live.steer("trunk", day, values=[-1.0])

    ended = run_job(live, day)

    assert outcomes(ended) == {"trunk": "rejected", "branch": "blocked", "twig": "blocked", "stone": "published"}
    assert (ended.state.type, ended.state.name) == (StateType.FAILED, "Rejected")
    assert f"trunk [{day}]: Rejected: trunk_is_positive" in ended.message
    assert f"twig [{day}]: Blocked: beta/trunk [{day}] stands rejected by trunk_is_positive" in ended.message
    assert (live.calls("branch", day), live.calls("twig", day), live.calls("stone", day)) == (0, 0, 1)


def test_an_asset_that_raises_in_a_job_ends_alone(live: Live, day: str) -> None:
    """What reads it has no version to read; the others do not notice, and no word of the data is shown."""
    live.steer("branch", day, raise_first=1)

    ended = run_job(live, day)

    assert outcomes(ended) == {"trunk": "published", "branch": "failed", "twig": "waiting", "stone": "published"}
    assert (ended.state.type, ended.state.name) == (StateType.FAILED, "Failed")
    assert "secret" not in ended.message

    # and once more, only what is missing is made: a source always, what it made before never
    assert outcomes(run_job(live, day, assets=["branch", "twig"])) == {"branch": "published", "twig": "published"}


def test_a_job_on_unchanged_inputs_computes_nothing(live: Live, day: str) -> None:
    """What another run has made from the same inputs is confirmed, as alone."""
    live.run("beta/trunk", day)
    live.started_by_event("beta/twig", day)

    ended = run_job(live, day, assets=["branch", "twig"])

    assert outcomes(ended) == {"branch": "unchanged", "twig": "unchanged"}
    assert ended.message == "2 unchanged"
    assert live.calls("branch", day) == 1


def test_the_command_line_tells_what_became_of_each_and_ends_with_the_worst(live: Live, day: str) -> None:
    """One line per asset, or one JSON list."""
    live.steer("trunk", day, values=[-1.0])
    by_key = live.begin("run", "beta/trunk", "beta/branch", "beta/stone", "-p", day, "--wait")
    good = live.new_day()
    by_job = live.begin("run", "beta/@grow", "-p", good, "--wait", "--json")
    told, complaint = by_key.communicate(timeout=DEADLINE)
    document, _ = by_job.communicate(timeout=DEADLINE)

    assert by_key.returncode == 3, complaint
    assert sorted(told.splitlines()) == [
        f"beta/branch [{day}]: blocked - beta/trunk [{day}] stands rejected by trunk_is_positive; team beta owns it",
        f"beta/stone [{day}]: published",
        f"beta/trunk [{day}]: rejected - trunk_is_positive",
    ]
    assert by_job.returncode == 0
    assert {(one["asset"], one["partition"], one["outcome"]) for one in json.loads(document)} == {
        (f"beta/{name}", good, "published") for name in CHAIN
    }


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (("beta/trunk", "alpha/solo"), "These assets are of the teams alpha, beta; a run stays within one."),
        (("beta/x*",), "No deployed asset is called beta/x*."),
        (("beta/@shrink",), "beta/@shrink is not deployed."),
        (("beta/@grow", "beta/stone"), "beta/@grow is a job and runs alone."),
        (("beta/tr*", "beta/stone"), "beta/trunk runs by day."),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(live: Live, keys: tuple[str, ...], said: str) -> None:
    """Before anything is started."""
    done = live.command("run", *keys)
    assert done.code == 2
    assert said in " ".join(done.err.split())

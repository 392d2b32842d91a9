"""Whatever a plan shows, a deploy applies: each change of the code, and each thing done in Prefect's UI or API."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import PrefectClient

from lockgate.core.changes import Change
from lockgate.core.errors import LockgateError, PlatformError
from lockgate.orchestration.deploy import Result, carry_out, deploy_teams
from lockgate.orchestration.plan import TeamChanges, plan_team, plan_teams, read_registry
from lockgate.orchestration.prefect_file import FILE
from lockgate.orchestration.validate import TeamPlan, load_plan
from tests.fundamentals.teams import deploy, deployed, edited, write_team
from tests.fundamentals.test_deploy import ONE_ASSET, prefect_deploy
from tests.running import BROKEN, Live

CODE = """
    import datetime
    from lockgate import Every, Input

    @team.asset(inputs={"catalogue": "alpha/catalogue"}, schedule="0 6 1 1 *", tags=["made"], description="One.")
    def copy(catalogue):
        return catalogue

    @team.asset(partitions=DAYS)
    def days():
        return 1

    @team.asset(inputs={"days": "delta/days", "copy": "delta/copy"})
    def reader(days, copy):
        return len(days)

    @team.asset(partitions=Static("north", "south"), schedule="0 5 1 1 *")
    def region(partition):
        return partition

    @team.asset(schedule=Every(datetime.timedelta(days=3000)))
    def beat():
        return 1

    team.job("nightly", assets=[copy, reader], schedule="0 2 1 1 *")
"""
COPY, READER, BEAT = "delta/copy", "delta/reader", "delta/beat"
TRIGGER = "alpha/catalogue -> delta/copy"


@dataclass(frozen=True)
class Code:
    """A state of the team's code, loaded once."""

    live: Live
    plan: TeamPlan
    assets: str
    file: str

    def written(self) -> "Code":
        """The same, in the team's folder."""
        (self.plan.folder / "assets.py").write_text(self.assets)
        (self.plan.folder / FILE).write_text(self.file)
        return self

    async def planned(self, client: PrefectClient) -> TeamChanges:
        root = self.live.root
        return await plan_team(self.plan, root, client, read_registry(root, BROKEN), login=BROKEN)

    def changes(self) -> tuple[Change, ...]:
        """What a deploy of it would do."""
        return self._with(PrefectClient(self.live.api_url), self.planned).changes

    def deploy(self, client: PrefectClient | None = None) -> None:
        """Deploy it."""

        async def run(client: PrefectClient) -> None:
            await carry_out(await self.planned(client), self.live.root, client)

        self._with(client or PrefectClient(self.live.api_url), run)

    def _with(self, client: PrefectClient, work: Callable[[PrefectClient], Coroutine[Any, Any, Any]]) -> Any:
        async def run() -> Any:
            async with client:
                return await work(client)

        return asyncio.run(run())


def loaded(live: Live, code: str) -> Code:
    write_team(live, code)
    plan = load_plan(live.root, BROKEN)
    return Code(live, plan, (plan.folder / "assets.py").read_text(), (plan.folder / FILE).read_text())


@pytest.fixture(scope="module")
def code(live: Live) -> Code:
    return loaded(live, CODE)


@pytest.fixture
def standing(code: Code) -> Code:
    """The team as its code says."""
    code.written().deploy()
    return code


def nothing_points_nowhere(live: Live) -> None:
    """Each automation starts a deployment that there is, and no two have one name."""
    there = {found["id"] for team in ("alpha", "beta", "gamma", BROKEN) for found in live.deployments(team)}
    automations = live.automations()
    targets = {action["deployment_id"] for each in automations for action in each["actions"]}
    assert targets <= there
    names = [each["name"] for each in automations]
    assert len(names) == len(set(names))


# -- changes of the code --------------------------------------------------------------------------------------------

# Each on top of those before it.
EDITS = {
    "a description": ('description="One."', 'description="Two {{ }}."'),
    "tags": ('tags=["made"]', 'tags=["made", "twice"]'),
    "no tags": ('tags=["made", "twice"], ', ""),
    "a schedule": ("0 6 1 1 *", "0 7 1 1 *"),
    "no schedule": ('schedule="0 7 1 1 *", ', ""),
    "an interval": ("days=3000", "days=3001"),
    "another partition": ('"north", "south"', '"north", "west"'),
    "a job's schedule": ("0 2 1 1 *", "0 3 1 1 *"),
    "partitions, so that its triggers pass one on": (
        '{"days": "delta/days", "copy": "delta/copy"})',
        '{"days": "delta/days", "copy": "delta/copy"}, partitions=DAYS)',
    ),
    "an input that does not trigger": (
        '"catalogue": "alpha/catalogue"',
        '"catalogue": Input("alpha/catalogue", triggers=False)',
    ),
    "another input": ('"days": "delta/days", "copy": "delta/copy"}', '"days": "delta/days"}'),
    "another name": ("def beat", "def pulse"),
    "partitions taken away": ("}, partitions=DAYS)", "})"),
}  # fmt: skip


@pytest.mark.slow
def test_every_change_of_the_code_is_planned_and_applied(live: Live, standing: Code) -> None:
    """Afterwards nothing is left to do, and what is deployed is what a team deployed afresh would have."""
    text = CODE
    for what, (old, new) in EDITS.items():
        assert text.count(old) == 1 or what == "another partition", what
        if what == "another input":
            text = text.replace("def reader(days, copy)", "def reader(days)")
        text = text.replace(old, new)
        edited = loaded(live, text)
        assert edited.changes(), what
        edited.deploy()
        assert edited.changes() == (), what
    nothing_points_nowhere(live)


def test_partitions_added_to_a_dependent_are_deployed_by_the_command(live: Live, standing: Code) -> None:
    """Its automation is changed in place: it keeps its id, and passes the partition on from now."""
    name = "delta/days -> delta/reader"
    (before,) = (found for found in live.automations() if found["name"] == name)
    write_team(live, CODE.replace('"copy": "delta/copy"})', '"copy": "delta/copy"}, partitions=DAYS)'))
    done = live.command("deploy", BROKEN)
    assert done.code == 0, done.err + done.out
    (after,) = (found for found in live.automations() if found["name"] == name)
    assert after["id"] == before["id"]
    assert "{{ event.payload.partition }}" in str(after["actions"][0]["parameters"])
    assert live.command("plan", BROKEN, "--exit-code").code == 0


# -- what people do in Prefect --------------------------------------------------------------------------------------


def call(live: Live, method: str, path: str, content: Any = None) -> None:
    httpx.request(method, f"{live.api_url}{path}", json=content, timeout=60).raise_for_status()


def deployment_id(live: Live, key: str) -> str:
    return str(live.client.read_deployment_by_name(key).id)


def on_deployment(key: str, **fields: Any) -> Callable[[Live], None]:
    return lambda live: call(live, "PATCH", f"/deployments/{deployment_id(live, key)}", fields)


def on_schedule(key: str, **fields: Any) -> Callable[[Live], None]:
    def edit(live: Live) -> None:
        found = live.client.read_deployment_by_name(key)
        call(live, "PATCH", f"/deployments/{found.id}/schedules/{found.schedules[0].id}", fields)

    return edit


def schedule_deleted(live: Live) -> None:
    found = live.client.read_deployment_by_name(COPY)
    call(live, "DELETE", f"/deployments/{found.id}/schedules/{found.schedules[0].id}")


def schedule_added(live: Live) -> None:
    rule = {"schedule": {"rrule": "FREQ=YEARLY"}, "active": True}
    call(live, "POST", f"/deployments/{deployment_id(live, BEAT)}/schedules", [rule])


def automation(live: Live) -> dict[str, Any]:
    (found,) = (found for found in live.automations() if found["name"] == TRIGGER)
    return {name: value for name, value in found.items() if name not in ("created", "updated")}


def on_automation(change: Callable[[dict[str, Any]], Any]) -> Callable[[Live], None]:
    """Saved in the UI with something changed."""

    def edit(live: Live) -> None:
        found = automation(live)
        change(found)
        call(live, "PUT", f"/automations/{found.pop('id')}", found)

    return edit


def automation_deleted(live: Live) -> None:
    call(live, "DELETE", f"/automations/{automation(live)['id']}")


def automation_copied(live: Live, name: str = TRIGGER) -> None:
    found = automation(live)
    del found["id"]
    call(live, "POST", "/automations/", {**found, "name": name})


def automation_turned(live: Live) -> None:
    beat = deployment_id(live, BEAT)
    on_automation(lambda found: found["actions"][0].update(deployment_id=beat))(live)


def deployment_deleted(live: Live) -> None:
    call(live, "DELETE", f"/deployments/{deployment_id(live, COPY)}")


def deployment_made_anew(live: Live) -> None:
    """Deleted and made again by somebody, with the automation of the first left behind."""
    found = live.client.read_deployment_by_name(COPY)
    call(live, "DELETE", f"/deployments/{found.id}")
    call(live, "POST", "/deployments/", {"name": found.name, "flow_id": str(found.flow_id)})


def all_deleted(live: Live) -> None:
    for found in live.deployments(BROKEN):
        call(live, "DELETE", f"/deployments/{found['id']}")


PAUSE = {"type": "pause-automation", "source": "inferred"}
DONE_TO = {
    "deployment: description": on_deployment(COPY, description="Mine."),
    "deployment: no description": on_deployment(COPY, description=None),
    "deployment: tags": on_deployment(COPY, tags=["mine"]),
    "deployment: entrypoint": on_deployment(COPY, entrypoint="mine.py:flow"),
    "deployment: path": on_deployment(COPY, path="/mine"),
    "deployment: parameters": on_deployment(COPY, parameters={"force": True}),
    "deployment: parameter schema": on_deployment(COPY, parameter_openapi_schema={"type": "object", "properties": {}}),
    "deployment: parameters not enforced": on_deployment(COPY, enforce_parameter_schema=False),
    "deployment: pull steps": on_deployment(
        COPY, pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": "/"}}]
    ),
    "deployment: concurrency limit": on_deployment(COPY, concurrency_limit=3),
    "deployment: concurrency options": on_deployment(COPY, concurrency_options={"collision_strategy": "CANCEL_NEW"}),
    "deployment: another pool": on_deployment(COPY, work_pool_name="alpha"),
    "deployment: another queue": on_deployment(COPY, work_pool_name=BROKEN, work_queue_name="mine"),
    "deployment: deleted": deployment_deleted,
    "deployment: deleted and made anew": deployment_made_anew,
    "deployment: all deleted": all_deleted,
    "schedule: switched off": on_schedule(COPY, active=False),
    "schedule: edited": on_schedule(COPY, schedule={"cron": "0 9 1 1 *", "timezone": "UTC"}),
    "schedule: another zone": on_schedule(COPY, schedule={"cron": "0 6 1 1 *", "timezone": "Asia/Tokyo"}),
    "schedule: interval for cron": on_schedule(COPY, schedule={"interval": 99999999}),
    "schedule: anchor moved": on_schedule(
        BEAT, schedule={"interval": 3000 * 86400, "anchor_date": "2020-05-05T05:05:05+00:00"}
    ),
    "schedule: parameters": on_schedule(COPY, parameters={"force": True}),
    "schedule: deleted": schedule_deleted,
    "schedule: added": schedule_added,
    "automation: switched off": lambda live: live.pause_automation(TRIGGER),
    "automation: deleted": automation_deleted,
    "automation: copied under its name": automation_copied,
    "automation: copied under another name": lambda live: automation_copied(live, "mine"),
    "automation: renamed": on_automation(lambda found: found.update(name="mine")),
    "automation: description": on_automation(lambda found: found.update(description="Mine.")),
    "automation: tags": on_automation(lambda found: found.update(tags=["mine"])),
    "automation: event": on_automation(lambda found: found["trigger"].update(expect=["mine"])),
    "automation: match": on_automation(lambda found: found["trigger"].update(match={"prefect.resource.id": "mine"})),
    "automation: threshold": on_automation(lambda found: found["trigger"].update(threshold=5, within=60)),
    "automation: posture": on_automation(lambda found: found["trigger"].update(posture="Proactive", within=600)),
    "automation: parameters": on_automation(lambda found: found["actions"][0].update(parameters={"partition": "x"})),
    "automation: a second action": on_automation(lambda found: found["actions"].append(PAUSE)),
    "automation: an action afterwards": on_automation(lambda found: found.update(actions_on_trigger=[PAUSE])),
    "automation: an action when resolved": on_automation(lambda found: found.update(actions_on_resolve=[PAUSE])),
    "automation: starts another deployment": automation_turned,
}


@pytest.mark.slow
def test_everything_done_in_prefect_is_planned_and_undone(live: Live, standing: Code) -> None:
    """The plan names the part; after a deploy all is as it was, whatever it was."""
    before = deployed(live)
    missed: dict[str, Any] = {}
    for what, do in DONE_TO.items():
        do(live)
        found = standing.changes()
        standing.deploy()
        if not found or standing.changes() or deployed(live) != before:
            missed[what] = (found, standing.changes())
        nothing_points_nowhere(live)
    assert missed == {}


def test_somebody_elses_automation_is_left_alone(live: Live, standing: Code) -> None:
    """One that starts the same deployment on another event, or something else on the same one, is its maker's."""
    found = automation(live)
    del found["id"]
    other = {
        **found,
        "name": "mine -> copy",
        "trigger": {**found["trigger"], "match": {"prefect.resource.id": "asset://my/own"}},
    }
    call(live, "POST", "/automations/", other)
    assert standing.changes() == ()
    standing.deploy()
    (mine,) = (found for found in live.automations() if found["name"] == "mine -> copy")
    call(live, "DELETE", f"/automations/{mine['id']}")


def test_a_renamed_automation_does_not_start_its_deployment_a_second_time(live: Live, standing: Code) -> None:
    """What does exactly what one of ours does is that one: it is made under its name, and the other is deleted."""
    on_automation(lambda found: found.update(name="mine"))(live)
    assert [(change.action, change.name.split(" (")[0]) for change in standing.changes()] == [
        ("created", TRIGGER), ("removed", "mine"),
    ]  # fmt: skip
    standing.deploy()
    assert "mine" not in {found["name"] for found in live.automations()}


# -- what breaks in between -----------------------------------------------------------------------------------------


class Breaking(PrefectClient):
    """A client for which one request that changes something fails; with a status for that one alone, or for good."""

    def __init__(self, url: str, number: int, status: int | None):
        super().__init__(url)
        self.number, self.status, self.seen = number, status, 0

    async def request(self, method: Any, path: Any, *arguments: Any, **options: Any) -> httpx.Response:
        if method != "GET" and "filter" not in path:
            self.seen += 1
            if self.seen == self.number + 1 or (self.seen > self.number and self.status is None):
                request = httpx.Request(method, path)
                if self.status is None:
                    raise httpx.ConnectError("connection reset by peer", request=request)
                answer = httpx.Response(self.status, request=request)
                raise httpx.HTTPStatusError(f"refused {path}", request=request, response=answer)
        return await super().request(method, path, *arguments, **options)


OTHER = """
    @team.asset(partitions=DAYS)
    def days():
        return 1

    @team.asset(inputs={"catalogue": "alpha/catalogue", "days": "delta/days"})
    def copy(catalogue, days):
        return catalogue

    @team.asset(inputs={"days": "delta/days"}, partitions=DAYS)
    def reader(days):
        return len(days)
"""


@pytest.mark.slow
@pytest.mark.parametrize("status", [422, None])
def test_a_deploy_that_breaks_at_any_request_is_finished_by_the_next_one(
    live: Live, standing: Code, status: int | None
) -> None:
    """Refused at one of them, it does all the others; cut off, it stops. The next deploy finishes either."""
    other = loaded(live, OTHER)
    number, ways = 0, (other, standing)
    while True:
        target = ways[number % 2].written()
        client = Breaking(live.api_url, number, status)
        try:
            target.deploy(client)
        except (PlatformError, httpx.HTTPError):
            assert client.seen > number
        else:
            break
        left = target.changes()
        if status is not None:
            assert len(left) <= 4, "one request was refused, and the rest was done"
        target.deploy()
        assert target.changes() == ()
        nothing_points_nowhere(live)
        number += 3  # from one code to the other and back, in turn
    assert number > 6


def test_one_refused_trigger_keeps_no_other_from_being_made(live: Live, standing: Code) -> None:
    """The error names it, and does not advise what has just failed."""

    class Refusing(PrefectClient):
        async def create_automation(self, automation: Any) -> Any:
            if automation.name == TRIGGER:
                request = httpx.Request("POST", "http://prefect/automations/")
                raise httpx.HTTPStatusError("422 no", request=request, response=httpx.Response(422, request=request))
            return await super().create_automation(automation)

    before = {found["name"] for found in live.automations()}
    all_deleted(live)
    results: dict[str, Result] = {}

    async def run() -> bool:
        async with Refusing(live.api_url) as client:
            return await deploy_teams(live.root, [BROKEN], client, results.__setitem__)

    assert asyncio.run(run()) is False
    assert str(results[BROKEN]) == (
        f"Team delta is deployed except for what Prefect's API refused: trigger {TRIGGER}: 422 no."
        " What is left to do says: lockgate plan delta"
    )
    assert {found["name"] for found in live.automations()} == before - {TRIGGER}
    assert [(change.action, change.name) for change in standing.changes()] == [("created", TRIGGER)]
    assert deploy(live, BROKEN) == {BROKEN: ""}


def test_what_cannot_be_planned_is_that_teams_line(live: Live, standing: Code) -> None:
    """An error of anybody's library concerns the team it was met for, in one line; the others are planned."""

    class Unreadable(PrefectClient):
        async def read_deployments(self, **options: Any) -> Any:
            if options["flow_filter"].name.any_ == [BROKEN]:
                return TeamPlan.__dataclass_fields__["no such"]
            return await super().read_deployments(**options)

    async def run() -> tuple[dict[str, Result], dict[str, Result]]:
        deployed_: dict[str, Result] = {}
        async with Unreadable(live.api_url) as client:
            planned = await plan_teams(live.root, [BROKEN, "gamma"], client)
            assert await deploy_teams(live.root, [BROKEN, "gamma"], client, deployed_.__setitem__) is False
        return planned, deployed_

    for results in asyncio.run(run()):
        assert str(results[BROKEN]) == (
            "Team delta cannot be compared with what Prefect holds: 'no such'. See: lockgate doctor"
        )
        assert not isinstance(results["gamma"], LockgateError)


# -- pauses and anchors ---------------------------------------------------------------------------------------------


def test_every_keeps_its_phase_whoever_deploys_it_and_whatever_changes(live: Live, standing: Code) -> None:
    """Intervals count from one fixed time, not from the deploy."""

    def anchor() -> str:
        schedule: Any = live.client.read_deployment_by_name(BEAT).schedules[0].schedule
        return str(schedule.anchor_date.isoformat())

    assert anchor() == "2001-01-01T00:00:00+00:00"
    changed = loaded(live, CODE.replace("days=3000)))", 'days=3000)), tags=["new"])'))
    changed.deploy()
    assert anchor() == "2001-01-01T00:00:00+00:00"
    standing.written()
    assert prefect_deploy(live).code == 0
    assert anchor() == "2001-01-01T00:00:00+00:00"
    assert standing.changes() == ()


def test_a_pause_made_in_prefect_outlives_every_deploy(live: Live, standing: Code) -> None:
    """It is its operator's business, whichever tool deploys; what is not paused stays so."""
    found = live.client.read_deployment_by_name(COPY)
    live.client.pause_deployment(found.id)
    loaded(live, CODE.replace('"One."', '"Two."')).deploy()
    assert live.client.read_deployment(found.id).paused
    standing.written()
    assert prefect_deploy(live).code == 0
    assert live.client.read_deployment(found.id).paused
    assert not live.client.read_deployment_by_name(READER).paused
    assert standing.changes() == ()
    live.client.resume_deployment(found.id)


# -- teams that read each other -------------------------------------------------------------------------------------

BETWEEN = """
@team.asset(inputs={"first": "delta/first"}, shared_with=["delta"])
def between(first):
    return first


@team.asset(inputs={"third": "delta/third"})
def last(third):
    return third


class Reading:
"""
AROUND = """
    @team.asset(shared_with=["gamma"])
    def first():
        return 1

    @team.asset(inputs={"between": "gamma/between"}, shared_with=["gamma"])
    def third(between):
        return between
"""


def test_teams_that_read_each_other_are_planned_and_deployed_as_one_set(live: Live) -> None:
    """Their assets have no cycle, so that there is an order of assets, though there is none of teams."""
    write_team(live, ONE_ASSET)
    assert deploy(live, BROKEN) == {BROKEN: ""}
    write_team(live, AROUND, generated=False)
    with edited(live, "gamma", "\nclass Reading:\n", BETWEEN):
        write_team(live, AROUND)

        async def plan() -> dict[str, Result]:
            async with PrefectClient(live.api_url) as client:
                return await plan_teams(live.root, [BROKEN, "gamma"], client)

        for planned in asyncio.run(plan()).values():
            assert isinstance(planned, TeamChanges), planned
            assert planned.changes
        assert deploy(live, BROKEN, "gamma") == {BROKEN: "", "gamma": ""}
        for planned in asyncio.run(plan()).values():
            assert isinstance(planned, TeamChanges), planned
            assert planned.changes == ()
        triggers = {found["name"] for found in live.automations()}
        assert {"delta/first -> gamma/between", "gamma/between -> delta/third", "delta/third -> gamma/last"} <= triggers
    assert deploy(live, "gamma") == {"gamma": ""}
    write_team(live, ONE_ASSET)
    assert deploy(live, BROKEN) == {BROKEN: ""}

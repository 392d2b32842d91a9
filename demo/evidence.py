"""What the story's claims are checked against: the ledger, and Prefect's own records of runs and events."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx

from demo import show
from lockgate.core.gate import Snapshot, read_slices
from lockgate.core.keys import event_resource
from lockgate.ledger import Attempt, Ledger
from lockgate.settings import PLATFORM, api_url, ledger_url

DEADLINE = 300.0
POLL_SECONDS = 0.3
ANNOUNCED = ("published", "unchanged")
EXECUTED = "prefect.automation.action.executed"
MATERIALIZED = "prefect.asset.materialization.succeeded"
FINAL = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


@dataclass(frozen=True)
class Run:
    """A flow run, as Prefect knows it.

    Attributes:
        id: Its id.
        key: The asset it is a run of.
        partition: The asset's partition.
        state: Name of its state: ``Completed``, ``Rejected``, ``Blocked``, ...
        automation: Name of the automation that started it, as its event ``prefect.automation.action.executed``
            says; None if no automation did.
    """

    id: str
    key: str
    partition: str
    state: str
    automation: str | None


class Evidence:
    """Reads the running platform. All it can do is start source assets, and pause the sweep.

    Args:
        ledger: With the platform's login, which reads everything and writes nothing.
        api: A client of Prefect's API.
    """

    def __init__(self, ledger: Ledger, api: httpx.Client) -> None:
        self.ledger = ledger
        self.api = api
        self.specs = ledger.registry()
        self.sources = {key for key, spec in self.specs.items() if not spec.inputs}
        self._deployments = {key: self._deployment(key) for key in self.specs}
        self._keys = {deployment: key for key, deployment in self._deployments.items()}

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Self]:
        """Connect to the platform that this process's environment points to."""
        name, _, password = os.environ.get("PREFECT_API_AUTH_STRING", "").partition(":")
        login = (name, password) if name else None
        with (
            Ledger(ledger_url(PLATFORM)) as ledger,
            httpx.Client(base_url=api_url(), auth=login, timeout=60) as api,
        ):
            yield cls(ledger, api)

    @property
    def ui_url(self) -> str:
        """Prefect's UI."""
        return str(self.api.base_url).removesuffix("/").removesuffix("/api")

    # -- doing --------------------------------------------------------------------------------------------

    def start_source(self, key: str, partition: str = "") -> None:
        """Start a run of a source asset, as its schedule would."""
        if key not in self.sources:
            raise ValueError(f"{key} has inputs; only events start it")
        content = {"parameters": {"partition": partition}}
        self._post(f"/deployments/{self._deployments[key]}/create_flow_run", content)

    @contextmanager
    def sweep_paused(self) -> Iterator[None]:
        """Let nothing but events start anything in the block."""
        sweep = f"/deployments/{self._deployment('platform/sweep')}"
        self._post(f"{sweep}/pause_deployment", {})
        try:
            yield
        finally:
            self._post(f"{sweep}/resume_deployment", {})

    # -- Prefect ------------------------------------------------------------------------------------------

    def runs(self) -> list[Run]:
        """All runs of assets, oldest first."""
        automations = self.started_by_automation()
        return [
            Run(
                id=run["id"],
                key=self._keys[run["deployment_id"]],
                partition=run["parameters"].get("partition", ""),
                state=run["state_name"],
                automation=automations.get(run["id"]),
            )
            for run in self._flow_runs()
        ]

    def containers(self, key: str) -> list[str]:
        """The ids of the containers that an asset's runs ran in, as their worker told Prefect."""
        runs = [run for run in self._flow_runs() if self._keys[run["deployment_id"]] == key]
        return [str(run["infrastructure_pid"]).rpartition(":")[2] for run in runs if run["infrastructure_pid"]]

    def pool_type(self, team: str) -> str:
        """The type of a team's work pool."""
        return str(self.api.get(f"/work_pools/{team}").raise_for_status().json()["type"])

    def started_by_automation(self) -> dict[str, str]:
        """Per flow run that an automation started, that automation's name."""
        return {
            related["prefect.resource.id"].removeprefix("prefect.flow-run."): event["resource"]["prefect.resource.name"]
            for event in self._events(EXECUTED)
            for related in event["related"]
            if related["prefect.resource.role"] == "flow-run"
        }

    def announced(self, key: str, partition: str) -> list[int]:
        """Versions of a slice whose materialisation Prefect has told dependents of."""
        return [
            event["payload"]["version"]
            for event in self._events(MATERIALIZED, event_resource(key))
            if event["payload"]["partition"] == partition
        ]

    def tasks(self, run: Run) -> dict[str, str]:
        """The tasks of a run: per name, the name of the state it ended in."""
        found: list[dict[str, Any]] = []

        def all_over() -> bool:
            # Prefect's server learns of task runs from events, so a moment after the flow run is over.
            found[:] = self._post("/task_runs/filter", {"flow_runs": {"id": {"any_": [run.id]}}})
            return bool(found) and all(task["end_time"] for task in found)

        until(all_over, "the tasks of a run are over")
        return {task["name"].rpartition("-")[0]: task["state_name"] for task in found}

    def shows_checks(self, run: Run) -> bool:
        """Whether the run has a table artifact with every check of its asset."""
        found = self._post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run.id]}}})
        shown = {row["check"] for artifact in found for row in json.loads(artifact["data"])}
        return shown == {check.name for check in self.specs[run.key].checks}

    # -- the ledger ---------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Registry and heads of the whole platform, at one moment."""
        return self.ledger.snapshot_all()

    def number(self, key: str, partition: str = "") -> int | None:
        """The current version's number, None if there is none."""
        return self.snapshot().head(key, partition).number

    def is_made_of_current(self, key: str, partition: str = "") -> bool:
        """Whether the current version was made from the current versions of all that the slice reads."""
        snapshot = self.snapshot()
        spec = snapshot.assets[key]
        slices = [where for given in spec.inputs for where in read_slices(spec, given, partition, snapshot)]
        made_of = snapshot.head(key, partition).inputs
        return dict(made_of) == {where: snapshot.head(*where).number for where in slices}

    def published_by_automations(self) -> bool:
        """Whether every version of a dependent was published by a run that an automation started."""
        automated = self.started_by_automation()
        published = [found for found in self._attempts() if found.version and found.asset not in self.sources]
        return bool(published) and all(found.flow_run_id in automated for found in published)

    # -- waiting ------------------------------------------------------------------------------------------

    def settle(self, what: str) -> None:
        """Wait until every run is over, and every announcement has fired every automation that it should.

        Raises:
            ClaimRefuted: If that takes longer than five minutes.
        """
        with show.waiting(what) as tell:

            def settled() -> bool:
                over, runs = self._over_of()
                tell(f"{what}: {over} of {runs} runs over")
                # Asked again at last: what an announcement fired meanwhile would be one run more.
                return over == runs and self._all_fired() and self._over_of() == (runs, runs)

            until(settled, what)

    def _over_of(self) -> tuple[int, int]:
        """How many runs are over, of how many."""
        states = [run["state_type"] for run in self._flow_runs()]
        return sum(state in FINAL for state in states), len(states)

    def _all_fired(self) -> bool:
        """Whether each automation has started a run for each time its producer was announced in the ledger."""
        started = Counter(self.started_by_automation().values())
        announced = Counter(attempt.asset for attempt in self._attempts() if attempt.outcome in ANNOUNCED)
        return all(started[name] >= announced[name.partition(" -> ")[0]] for name in self._automations())

    def _automations(self) -> list[str]:
        """Names of all automations: ``producer -> dependent``."""
        return [found["name"] for found in self._post("/automations/filter", {"limit": 200})]

    def _attempts(self) -> list[Attempt]:
        return self.ledger.attempts(limit=10_000)

    # -- the API ------------------------------------------------------------------------------------------

    def _flow_runs(self) -> list[dict[str, Any]]:
        wanted = {"deployments": {"id": {"any_": list(self._keys)}}, "limit": 200}
        return sorted(self._post("/flow_runs/filter", wanted), key=lambda run: str(run["created"]))

    def _deployment(self, key: str) -> str:
        answer = self.api.get(f"/deployments/name/{key}").raise_for_status()
        return str(answer.json()["id"])

    def _events(self, name: str, resource: str | None = None) -> Iterator[dict[str, Any]]:
        wanted: dict[str, Any] = {"event": {"name": [name]}}
        if resource:
            wanted["resource"] = {"id": [resource]}
        page = self._post("/events/filter", {"filter": wanted, "limit": 50})
        yield from page["events"]
        while page["next_page"]:
            page = self.api.get(page["next_page"]).raise_for_status().json()
            yield from page["events"]

    def _post(self, path: str, content: Any) -> Any:
        answer = self.api.post(path, json=content).raise_for_status()
        return answer.json() if answer.content else None


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition.

    Raises:
        ClaimRefuted: If it does not come true within five minutes.
    """
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise show.ClaimRefuted(f"Waited {DEADLINE:g} s in vain: {what}.")
        time.sleep(POLL_SECONDS)

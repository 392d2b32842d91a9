"""One hand-off hop by hop, and the end of the run it started, from what ledger and Prefect note anyway."""

from datetime import datetime, timedelta
from typing import Any

import httpx

from benchmarks.common import Bench, until

MATERIALIZED = "prefect.asset.materialization.succeeded"
TRIGGERED = "prefect.automation.action.triggered"
HOPS = (
    "published", "event emitted", "event received", "automation acts", "run created", "picked up (Pending)",
    "Submitting", "forked", "Running", "gate begun", "gate done", "first line", "computed", "staged", "published too",
    "Completed",
)  # fmt: skip


def timeline(bench: Bench, upstream: str, dependent: str, partition: str) -> dict[str, float]:
    """When each hop of one hand-off happened, in seconds after the publish.

    Args:
        bench: The platform.
        upstream: Key of the asset that was published.
        dependent: Key of the asset whose run that started; it notes ``forked`` and ``began`` in its metadata.
        partition: Of both.
    """
    with bench.ledger() as ledger:
        made = ledger.version(dependent, partition)
        source = ledger.version(upstream, partition)
        (attempt,) = ledger.attempts(key=dependent, partition=partition)
    if made is None or source is None:
        raise RuntimeError(f"{dependent} [{partition}] is not published")
    run_id = attempt.flow_run_id
    run = bench.client.read_flow_run(run_id)  # type: ignore[arg-type]
    emitted = _event(bench, MATERIALIZED, f"asset://{upstream}", after=source.published_at)
    states = {state.name: state.timestamp for state in bench.client.read_flow_run_states(run_id)}  # type: ignore[arg-type]
    tasks = {step: _task(bench, run_id, step) for step in ("gate", "compute", "stage")}
    acts = _event(bench, TRIGGERED, None, after=source.published_at)
    moments = {
        "published": source.published_at,
        "event emitted": emitted["occurred"],
        "event received": emitted["received"],
        "automation acts": acts["occurred"],
        "run created": run.created,
        "picked up (Pending)": states["Pending"],
        "Submitting": states["Submitting"],
        "forked": made.metadata["forked"],
        "Running": states["Running"],
        "gate begun": tasks["gate"]["start_time"],
        "gate done": tasks["gate"]["end_time"],
        "first line": made.metadata["began"],
        "computed": tasks["compute"]["end_time"],
        "staged": tasks["stage"]["end_time"],
        "published too": made.published_at,
        "Completed": states["Completed"],
    }
    begin = _seconds(source.published_at)
    return {hop: _seconds(moments[hop]) - begin for hop in HOPS}


def _seconds(moment: Any) -> float:
    if isinstance(moment, (int, float)):
        return float(moment)
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).timestamp()


def _event(bench: Bench, name: str, resource: str | None, after: datetime) -> dict[str, Any]:
    """The first event of a name since a moment."""
    wanted: dict[str, Any] = {
        "event": {"name": [name]},
        "occurred": {"since": (after - timedelta(seconds=0.2)).isoformat()},
        "order": "ASC",
    }
    if resource:
        wanted["resource"] = {"id": [resource]}

    def found() -> dict[str, Any] | None:
        answer = httpx.post(f"{bench.api_url}/events/filter", json={"filter": wanted, "limit": 1}, timeout=30)
        events = answer.raise_for_status().json()["events"]
        return events[0] if events else None

    return until(found, f"event {name}")


def _task(bench: Bench, run_id: str, name: str) -> dict[str, Any]:
    """The run's task of this name, which Prefect's server learns of by an event."""
    wanted = {"flow_runs": {"id": {"any_": [run_id]}}}

    def found() -> dict[str, Any] | None:
        tasks = httpx.post(f"{bench.api_url}/task_runs/filter", json=wanted, timeout=30).raise_for_status().json()
        return next((task for task in tasks if task["name"].startswith(name) and task["end_time"]), None)

    return until(found, f"Prefect knows the task {name}")

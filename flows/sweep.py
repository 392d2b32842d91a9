"""The platform's own flow: repairs what events lost. Deployed by the root prefect.yaml, run every minute."""

from prefect import flow

from lockgate.orchestration.sweep import sweep_once


@flow(name="platform", flow_run_name="sweep", log_prints=True)
async def sweep() -> int:
    """Start every dependent whose inputs are published and not consumed; returns how many."""
    started = await sweep_once()
    for start in started:
        print(f"started {start.key} [{start.partition}]")  # noqa: T201
    return len(started)

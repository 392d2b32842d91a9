"""What a job's entrypoint names: ``lockgate.jobs.weather`` is the flow that runs several assets of team weather.

As in ``lockgate.flows``, the flow is made when Prefect asks for it.
"""

from typing import Any as _Any

from lockgate.orchestration.job_flow import job_flow as _job_flow


def __getattr__(team: str) -> _Any:
    if team.startswith("_"):
        raise AttributeError(team)
    return _job_flow(team)

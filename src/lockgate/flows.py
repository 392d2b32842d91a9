"""What a deployment's entrypoint names: ``lockgate.flows.weather`` is the flow of team weather.

The flow is the same for every team but for its name, so it is made when Prefect asks for it. Nothing else may
live here under a plain name: it would hide the team of that name.
"""

from typing import Any as _Any

from lockgate.orchestration.asset_flow import team_flow as _team_flow


def __getattr__(team: str) -> _Any:
    if team.startswith("_"):
        raise AttributeError(team)
    return _team_flow(team)

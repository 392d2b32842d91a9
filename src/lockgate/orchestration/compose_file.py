"""``teams/<team>/compose.yaml``: a team's part of the production stack, written from the team's code.

A team is added to the stack by this file alone; ``docker/compose.yaml`` knows no team.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lockgate.core.spec import AssetSpec
from lockgate.ledger.roles import team_role
from lockgate.orchestration.pool_template import DOCKER, chosen_kind, read_template
from lockgate.orchestration.validate import TeamPlan

FILE = "compose.yaml"
_HEADER = "# Written by `lockgate generate {team}`: its part of the production stack. Change the code, not this.\n"
BASE = "docker/team.yaml"
_TAG = "${LOCKGATE_TAG:-dev}"
_SECRETS = "${LOCKGATE_SECRETS}"


def of_team(plan: TeamPlan, root: Path, known: Mapping[str, AssetSpec]) -> str:
    """The compose file of a loaded team, given the known assets of all teams."""
    template = read_template(root, chosen_kind(plan.folder))
    return render(plan.team, template["type"], int(template["concurrency_limit"]), agreed_producers(plan.specs, known))


def agreed_producers(specs: Sequence[AssetSpec], known: Mapping[str, AssetSpec]) -> list[str]:
    """The other teams whose stores a team may read: it declares an input there, and the owner shares that asset."""
    inputs = [(spec.team, known.get(given.key)) for spec in specs for given in spec.inputs]
    return sorted({owner.team for team, owner in inputs if owner and owner.team != team and owner.readable_by(team)})


def render(team: str, worker_type: str, limit: int, producers: Iterable[str]) -> str:
    """The text of a team's compose file.

    Args:
        team: The team's name.
        worker_type: Of its work pool; with ``docker`` its runs are containers, and its worker holds none of its code.
        limit: How many runs its worker starts at a time.
        producers: The teams whose stores it reads.
    """
    volumes = [f"store-{team}:/store/{team}", *(f"store-{other}:/store/{other}:ro" for other in producers)]
    login = {
        "environment": {"LOCKGATE_LEDGER_ROLE": team_role(team)},
        "secrets": [
            "api",
            {"source": f"ledger-{team}", "target": "ledger"},
            {"source": f"env-{team}", "target": "env"},
        ],
        "volumes": volumes,
        "networks": [f"team-{team}"],
    }
    image = f"lockgate-team-{team}:{_TAG}"
    command = ["prefect", "worker", "start", "--pool", team, "--name", team, "--type", worker_type]
    worker: dict[str, Any] = {"command": [*command, "--limit", str(limit), "--with-healthcheck"]}
    if worker_type == DOCKER:
        worker = {"extends": _extends("docker-worker"), **worker, "secrets": ["api"], "networks": ["platform"]}
    else:
        worker = {"extends": _extends("worker"), "image": image, **worker, **login}
    build = {"context": ".", "dockerfile": "docker/Dockerfile", "target": "team", "args": {"TEAM": team}}
    content = {
        "services": {
            f"team-{team}": worker,
            f"deploy-{team}": {
                "extends": _extends("deploy"), "image": image, "build": build,
                "command": ["lockgate", "deploy", team], **login,
            },
            "bootstrap": {"secrets": [f"ledger-{team}"]},
            "gateway": {"networks": [f"team-{team}"]},
        },
        "networks": {f"team-{team}": {}},
        "volumes": {f"store-{name}": {} for name in (team, *producers)},
        "secrets": {
            f"ledger-{team}": {"file": f"{_SECRETS}/ledger-{team}"},
            f"env-{team}": {"file": f"{_SECRETS}/{team}.env"},
        },
    }  # fmt: skip
    return _HEADER.format(team=team) + yaml.dump(
        content, Dumper=_NoAliases, sort_keys=False, default_flow_style=None, width=118
    )


class _NoAliases(yaml.SafeDumper):
    """Writes what appears twice out twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _extends(service: str) -> dict[str, str]:
    return {"file": BASE, "service": service}

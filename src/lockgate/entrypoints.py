"""Which flow a run is: what the code of its folder says, whatever Prefect's API says.

Whoever reaches the API can give a deployment another entrypoint and pull steps, which are shell commands. So a run
whose folder has code of its own takes neither: its worker, or its command, names the flow here, and Prefect's engine
then asks for nothing.
"""

from pathlib import Path

from lockgate.core.errors import UsageError
from lockgate.core.job import MARK
from lockgate.settings import TEAMS

VARIABLE = "PREFECT__FLOW_ENTRYPOINT"
"""By this variable Prefect's engine is told which flow to run; its own runner sets it for the flows it serves."""


def has_own_code(folder: Path) -> bool:
    """Whether a folder says itself which flows its runs are: a team's, or a project's with its Prefect file."""
    return (folder / "assets.py").is_file() or ((folder / TEAMS).is_dir() and (folder / "prefect.yaml").is_file())


def own_entrypoint(folder: Path, deployment: str) -> str | None:
    """The entrypoint of a deployment's flow; None in a folder that has no code of its own.

    Args:
        folder: The working directory of the run.
        deployment: The deployment's name.

    Raises:
        UsageError: If the folder's Prefect file has no such deployment.
    """
    if (folder / "assets.py").is_file():
        return f"lockgate.{'jobs' if deployment.startswith(MARK) else 'flows'}.{folder.name}"
    if not has_own_code(folder):
        return None
    import yaml

    content = yaml.safe_load((folder / "prefect.yaml").read_text(encoding="utf-8"))
    for entry in content["deployments"]:
        if entry["name"] == deployment:
            return str(entry["entrypoint"])
    raise UsageError(f"{folder / 'prefect.yaml'} has no deployment {deployment}.", cure="Delete it in Prefect.")

"""The worker type ``warm-process``: runs are forked from a process that has the team's code imported already.

Prefect finds it through the entry point in pyproject.toml; ``prefect worker start --pool weather`` just works.

    warm.py         the worker: Prefect's process worker with another command
    servers.py      the worker's fork servers, one per team folder
    fork_server.py  the process that imports once and forks per run
    warm_up.py      what it imports, and whether it may fork then
    client.py       the command of a run: hands itself over to the fork server
"""

from lockgate.worker.warm import WarmProcessWorker

__all__ = ["WarmProcessWorker"]

"""A run of a flow of its own folder: ``python -m lockgate.engine``, for pools whose worker is Prefect's own."""

import os
import runpy
from pathlib import Path

from lockgate.entrypoints import VARIABLE, own_entrypoint


def main() -> None:
    """Run Prefect's engine on the folder's own flow."""
    entrypoint = own_entrypoint(Path.cwd(), os.environ.get("PREFECT__DEPLOYMENT_NAME", ""))
    if entrypoint:
        os.environ[VARIABLE] = entrypoint
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

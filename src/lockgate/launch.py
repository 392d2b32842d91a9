"""Prefect's command line with two costs of its server taken out: ``python -m lockgate.launch server start``.

Both were seen in a profile. The server's modules are loaded without garbage collection: loading allocates much and
frees nothing, so collecting takes a sixth of its time; what is loaded is then kept out of later collections. And
``create_app``, which each action of an automation calls to find the running application, remembers its answer: it
would read all settings and set up logging anew, two thirds of the time from event to flow run.
"""

import functools
import gc


def main() -> None:
    """Run ``prefect`` with this process's arguments."""
    gc.disable()
    import prefect.server.api.server as server
    from prefect.cli import app

    gc.freeze()
    gc.enable()
    server.create_app = functools.cache(server.create_app)
    app()


if __name__ == "__main__":
    main()

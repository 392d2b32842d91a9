"""The ``lockgate`` command: the one place where an error becomes a sentence and an exit code."""

import os
import sys

from rich.markup import escape

from lockgate.cli import (  # noqa: F401 - importing a module adds its commands
    bootstrap,
    deploy,
    doctor,
    evidence,
    history,
    new,
    retention,
    rollback,
    run,
    show,
    status,
    testing,
    up,
    why,
)
from lockgate.cli.app import app
from lockgate.cli.output import errors, write_in_any_encoding
from lockgate.core.errors import LockgateError, UsageError
from lockgate.embedded.environment import never_through_a_proxy


def main() -> None:
    """Run the command line. Exit codes: 1 something failed, 2 it was called wrongly; ``run`` has more."""
    # Prefect's client would ask on the terminal, and call its maker's server. A user's own choice stands.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    never_through_a_proxy(os.environ)
    write_in_any_encoding()
    try:
        app()
    except LockgateError as error:
        errors.print(f"[red]lockgate:[/red] {escape(str(error))}")
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        errors.print(f"[red]lockgate:[/red] {escape((error.strerror or type(error).__name__) + where)}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)

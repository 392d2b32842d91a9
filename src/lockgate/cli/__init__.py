"""The command line: reads arguments, calls the layers below, prints. No decision is made here.

Modules import Prefect only inside the functions that need it: `lockgate status` answers in a third of the time.
"""

from lockgate.cli.main import main

__all__ = ["main"]

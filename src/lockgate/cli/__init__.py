"""The command line: reads arguments, calls the layers below, prints. No decision is made here."""

from lockgate.cli.main import main

__all__ = ["main"]

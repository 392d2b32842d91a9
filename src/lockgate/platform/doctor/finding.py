"""What a check finds, and what a check is."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from lockgate.orchestration.pool_template import STACK

START = "docker/stack up" if STACK in os.environ else "lockgate up"
"""Starts what does not run, here or in the stack of ``docker/``."""
Status: TypeAlias = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        part: What it is: ``database``, ``worker weather``.
        status: ``ok``; ``warn`` if all works but something should be looked at; ``fail`` if something does not work.
        message: One sentence.
        cure: What to do about it, as one sentence or command; "" where nothing is.
    """

    part: str
    status: Status
    message: str
    cure: str = ""


Look: TypeAlias = Callable[[Path], Iterable[Finding]]


@dataclass(frozen=True)
class Check:
    """A check of one part, or of several alike.

    Attributes:
        name: The part it looks at.
        look: Takes the project's folder, yields findings; a LockgateError it raises is a finding too.
        needs: Names of the checks without which it can find nothing.
        seconds: How long it may take before the part counts as hanging.
    """

    name: str
    look: Look
    needs: tuple[str, ...] = ()
    seconds: float = 30.0


def ok(part: str, message: str) -> Finding:
    """All is well."""
    return Finding(part, "ok", message)


def warn(part: str, message: str, cure: str) -> Finding:
    """It works, but should be looked at."""
    return Finding(part, "warn", message, cure)


def fail(part: str, message: str, cure: str) -> Finding:
    """It does not work."""
    return Finding(part, "fail", message, cure)

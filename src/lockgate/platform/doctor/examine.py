"""Running checks beside each other, so that a part that hangs cannot hang the others."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lockgate.core.errors import LockgateError
from lockgate.platform.doctor.finding import Check, Finding, fail, warn

Answers = queue.SimpleQueue[tuple[Check, list[Finding]]]


def examine(root: Path, checks: Sequence[Check], report: Callable[[Finding], None] = lambda _: None) -> list[Finding]:
    """Run all checks, each as soon as those it needs have passed.

    Args:
        root: The project.
        checks: What to look at.
        report: Told each finding when it is there.

    Returns:
        All findings, in the order of the checks.
    """
    found: dict[str, list[Finding]] = {}
    deadlines: dict[str, float] = {}
    answers: Answers = queue.SimpleQueue()
    while len(found) < len(checks):
        for check in checks:
            if check.name not in found | deadlines and all(need in found for need in check.needs):
                if ill := [need for need in check.needs if _is_ill(found[need])]:
                    cure = f"Cure {ill[0]} first."
                    _settle(found, check, [warn(check.name, f"not looked at, for want of {ill[0]}.", cure)], report)
                else:
                    deadlines[check.name] = time.monotonic() + check.seconds
                    threading.Thread(target=_look, args=(check, root, answers), daemon=True).start()
        _collect(checks, found, deadlines, answers, report)
    return [finding for check in checks for finding in found[check.name]]


def _collect(
    checks: Sequence[Check],
    found: dict[str, list[Finding]],
    deadlines: dict[str, float],
    answers: Answers,
    report: Callable[[Finding], None],
) -> None:
    """Take the next answer, or give up the checks that have had their time."""
    waited_for = {name: deadline for name, deadline in deadlines.items() if name not in found}
    if not waited_for:
        return
    try:
        check, findings = answers.get(timeout=max(0.0, min(waited_for.values()) - time.monotonic()))
        if check.name in waited_for:
            _settle(found, check, findings, report)
    except queue.Empty:
        for check in checks:
            if waited_for.get(check.name, time.monotonic() + 1) <= time.monotonic():
                hanging = fail(check.name, f"gave no answer within {check.seconds:g} s.", "See its log; start it anew.")
                _settle(found, check, [hanging], report)


def _settle(
    found: dict[str, list[Finding]], check: Check, findings: list[Finding], report: Callable[[Finding], None]
) -> None:
    found[check.name] = findings
    for finding in findings:
        report(finding)


def _is_ill(findings: list[Finding]) -> bool:
    """Whether a check failed, or could not look itself."""
    return not findings or any(finding.status != "ok" for finding in findings)


def _look(check: Check, root: Path, answers: Answers) -> None:
    findings: list[Finding] = []
    try:
        findings += check.look(root)
    except LockgateError as error:
        findings.append(fail(check.name, error.message, error.cure))
    except Exception as error:  # noqa: BLE001 - whatever a check meets, the others go on
        findings.append(fail(check.name, f"could not be looked at: {_first_line(error)}.", "See its log."))
    answers.put((check, findings))


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}".rstrip(".: ")

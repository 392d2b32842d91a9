"""An explanation in words: one sentence per slice, and the command that comes next."""

import datetime
from dataclasses import asdict
from typing import Any

from lockgate.core.explain import Explanation
from lockgate.core.keys import label, split_key


def sentence(told: Explanation) -> str:
    """What holds of a slice, in one sentence without its name."""
    running = f"; a run is under way since {moment(told.running_since)}" if told.running_since else ""
    waived = f"; waived: {', '.join(told.waived)}" if told.waived else ""
    starts = "; it is about to start" if told.starts else ""
    return _state(told) + starts + waived + running


def _state(told: Explanation) -> str:
    version = "nothing is published yet" if told.version is None else f"v{told.version}"
    since = f" since {moment(told.since)}" if told.since else ""
    newer = ", ".join(told.newer)
    match told.state:
        case "current" | "due" | "outdated" if told.role == "rejected":
            return f"{version} was made from an input that it reads no more, which does not stand good"
        case "current" if told.role == "not_fresh":
            return f"has nothing new: {version} is good" + since
        case "current":
            return f"good and up to date: {version}" + since
        case "due" if told.version is None:
            return "nothing is published yet, and its inputs are there"
        case "due":
            return f"{version} is good but older than {newer}"
        case "outdated":
            return f"{version} is good; {newer} came later, which does not start it by itself"
        case "declined":
            return f"{version} is good; what {newer} made was rolled back"
        case "never_run":
            return "nothing is published yet, and nothing starts it by itself now"
        case "failed":
            at = f" at {moment(told.since)}" if told.since else ""
            return "its last run failed" + at + (f": {told.why}" if told.why else "")
        case "cancelled":
            at = f" at {moment(told.since)}" if told.since else ""
            return "its last run was cancelled" + at + (f": {told.why}" if told.why else "")
        case "rejected":
            served = "nothing is published yet" if told.version is None else f"{version} is still served"
            return f"rejected by {', '.join(told.checks) or 'its checks'}{since}; {served}"
        case "blocked":
            return "blocked by its inputs"
        case "waiting":
            return "waits for its inputs"
        case "unshared":
            return f"not shared with team {told.reader}"
        case "pickled":
            return told.why
        case "unknown":
            return "not deployed"
        case "unreadable":
            return told.why
        case "no_partition":
            return "has no partition of this name"


def next_step(told: Explanation) -> str:
    """What mends it: a command, or an edit and a command; "" where nothing is to be done or the causes say it."""
    team, name = split_key(told.asset)
    run = f"lockgate run {_arguments(told)}"
    match told.state:
        case "rejected":
            return f"lockgate evidence {_arguments(told)}; once mended: {run} --force"
        case "failed":
            return f"lockgate history {_arguments(told)}; once mended: {run}"
        case "due":
            return f"wait a minute, else: {run}"
        case "current" if told.role == "rejected":
            return run
        case "outdated" | "declined" | "never_run" | "cancelled" if not told.running_since:
            return run
        case "unshared":
            return f'add "{told.reader}" to shared_with of {name}, then: lockgate deploy {team}'
        case "unknown" | "unreadable":
            return f"lockgate deploy {team}"
        case "no_partition":
            return f"widen the partitions of {name}, then: lockgate deploy {team}"
        case _:
            return ""


def to_json(told: Explanation) -> dict[str, Any]:
    """The explanation as JSON-compatible data: its fields, ``sentence`` and ``next``, and so for each cause."""
    times = {name: time and time.isoformat() for name, time in _times(told).items()}
    return {
        **asdict(told),
        **times,
        "sentence": sentence(told),
        "next": next_step(told),
        "causes": [to_json(cause) for cause in told.causes],
    }


def title(told: Explanation) -> str:
    """How the slice is named."""
    return label(told.asset, told.partition or "")


def moment(time: datetime.datetime) -> str:
    """A time for people: to the second, in UTC."""
    return f"{time.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _times(told: Explanation) -> dict[str, datetime.datetime | None]:
    return {"since": told.since, "running_since": told.running_since}


def _arguments(told: Explanation) -> str:
    """Key and partition as commands take them."""
    if told.partition is None:
        return f"{told.asset} -p PARTITION"
    return f"{told.asset} -p {told.partition}" if told.partition else told.asset

"""Team beta: reads alpha."""

import os
from pathlib import Path

from steering import steer

from lockgate import Daily, Team

team = Team("beta", owners=["beta@example.com"])

DAYS = Daily("2020-01-01")


@team.asset(inputs={"readings": "alpha/readings"}, partitions=DAYS, shared_with=["gamma"])
def summary(readings, partition):
    """Read by gamma/report."""
    steer("summary", partition)
    return {"sum": float(readings["value"].sum())}


@team.check(summary)
def sum_is_known(value):
    """There is a sum."""
    return value["sum"] == value["sum"]


@team.asset(inputs={"pulse": "alpha/pulse"}, partitions=DAYS)
def echo(pulse, partition):
    """Its input and its own steered values."""
    return {"pulse": pulse, "own": steer("echo", partition)}


@team.check(echo)
def echo_is_positive(value):
    """All values are above 0."""
    return all(number > 0 for number in value["own"])


@team.asset(inputs={"levels": "alpha/levels"}, partitions=DAYS, effect=True)
def notify(levels, partition):
    """Writes a line elsewhere."""
    with (Path(os.environ["STEER_DIR"]) / f"notified [{partition}]").open("a") as file:
        file.write(f"{levels}\n")


@team.check(notify)
def was_delivered(value, partition):
    """The line is there."""
    return (Path(os.environ["STEER_DIR"]) / f"notified [{partition}]").is_file()


@team.asset(inputs={"parts": "alpha/parts"})
def total(parts):
    """All places at once."""
    steer("total")
    return {place: sum(values) for place, values in parts.items()}


@team.asset(partitions=DAYS)
def fragile(partition):
    """Read by nobody."""
    return steer("fragile", partition)


@team.asset(partitions=DAYS)
def trunk(partition):
    """The first of the job ``grow``."""
    return steer("trunk", partition)


@team.check(trunk)
def trunk_is_positive(value):
    """All values are above 0."""
    return all(number > 0 for number in value)


@team.asset(inputs={"trunk": trunk}, partitions=DAYS, shared_with=["gamma"])
def branch(trunk, partition):
    """Read by beta/twig, and by gamma/nest in another team."""
    return trunk + steer("branch", partition)


@team.asset(inputs={"branch": branch}, partitions=DAYS)
def twig(branch, partition):
    """The end of the job."""
    return branch + steer("twig", partition)


@team.asset(partitions=DAYS)
def stone(partition):
    """In the same job, on nothing else's way."""
    return steer("stone", partition)


team.job("grow", assets=[trunk, branch, twig, stone])

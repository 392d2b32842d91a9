"""Team gamma: reads alpha and beta."""

from steering import steer

from lockgate import Daily, Input, Team
from lockgate.reading import load

team = Team("gamma", owners=["gamma@example.com"])

DAYS = Daily("2020-01-01")


@team.asset(inputs={"summary": "beta/summary"}, partitions=DAYS)
def report(summary, partition):
    """The end of the chain that begins with alpha/readings."""
    return {"reported": summary["sum"]}


@team.asset(inputs={"levels": Input("alpha/levels", on_rejected="last_good")}, partitions=DAYS)
def lenient(levels, partition):
    """Content with the last good version."""
    return {"levels": levels}


@team.asset(inputs={"left": "alpha/left", "right": "alpha/right"}, partitions=DAYS, wants="all")
def joined(left, right, partition):
    """Runs once both sides are fresh."""
    return left + right


@team.asset(inputs={"catalogue": "alpha/catalogue"}, partitions=DAYS)
def peeking(catalogue, partition):
    """Loads what the test names, beside its declared input."""
    return [load(*wanted) for wanted in steer("peeking", partition)]


class Reading:
    """Not that of team alpha, though it is called the same."""

    def __init__(self, *values):
        raise AssertionError("another team's value was taken for this one's")


@team.asset(inputs={"loose": Input("alpha/loose", triggers=False)})
def wary(loose):
    """Reads another team's value in safe formats alone."""
    return repr(loose)


@team.asset(inputs={"loose": Input("alpha/loose", triggers=False, trust="pickle")})
def trusting(loose):
    """Reads it even where it is a pickle."""
    return repr(loose)


@team.asset(inputs={"branch": "beta/branch"}, partitions=DAYS)
def nest(branch, partition):
    """Started by what a job of another team published."""
    return branch

"""Team alpha: the sources."""

import asyncio
import os
import sys
import threading
import time

import pandas as pd
import pandera.pandas as pa
from steering import await_sign, first_call, give_sign, steer

from lockgate import CheckResult, Daily, Output, Static, Team

team = Team("alpha", owners=["alpha@example.com"])

DAYS = Daily("2020-01-01")
PLACES = Static("north", "south", "east", "west")
BOTH = ["beta", "gamma"]


class Readings(pa.DataFrameModel):
    """Measured values."""

    value: float = pa.Field(ge=0)


class Whole(pa.DataFrameModel):
    """Whole numbers, made so by the contract."""

    value: int

    class Config:
        """Text becomes numbers."""

        coerce = True


class Dropping(pa.DataFrameModel):
    """A contract that would lose rows."""

    value: float

    @pa.dataframe_parser
    @classmethod
    def without_gaps(cls, frame: pd.DataFrame) -> pd.DataFrame:
        """Drop what is missing."""
        return frame.dropna()


@team.asset(contract=Readings, partitions=DAYS, shared_with=["beta"], description="Measured values, by day.")
def readings(partition):
    """Read by beta/summary, which gamma/report reads."""
    return Output(pd.DataFrame({"value": steer("readings", partition)}), metadata={"station": 7})


@team.check(readings)
def below_the_limit(value):
    """No value is above 50."""
    over = value[value["value"] > 50]
    example = None if over.empty else over["value"].iloc[0]
    return CheckResult(over.empty, failed=len(over), seen=len(value), message="above the limit", example=example)


@team.check(readings, severity="warn")
def at_least_two_rows(value):
    """More than one value was measured."""
    return CheckResult(len(value) > 1, message="a single row")


@team.asset(partitions=DAYS, shared_with=BOTH)
def pulse(partition):
    """Read by beta/echo alone."""
    return steer("pulse", partition)


@team.check(pulse)
def pulse_is_positive(value):
    """All values are above 0."""
    return all(number > 0 for number in value)


@team.asset(partitions=DAYS, shared_with=BOTH)
def levels(partition):
    """Read by beta/notify, an effect, and by gamma/lenient, which is content with the last good version."""
    return steer("levels", partition)


@team.check(levels)
def levels_are_positive(value):
    """All values are above 0."""
    return all(number > 0 for number in value)


@team.asset(partitions=DAYS, shared_with=BOTH)
def left(partition):
    """Read by gamma/joined, which wants both sides."""
    return steer("left", partition)


@team.asset(partitions=DAYS, shared_with=BOTH)
def right(partition):
    """Read by gamma/joined, which wants both sides."""
    return steer("right", partition)


@team.asset(partitions=PLACES, shared_with=BOTH)
def parts(partition):
    """Read by beta/total, all places at once."""
    return steer("parts", partition)


@team.check(parts)
def parts_are_positive(value):
    """All values are above 0."""
    return all(number > 0 for number in value)


@team.asset(shared_with=["*"])
def catalogue():
    """Unpartitioned, read by gamma/peeking, which is daily."""
    return steer("catalogue")


@team.asset(partitions=DAYS)
def solo(partition):
    """Read by nobody, shared with nobody."""
    return steer("solo", partition)


@team.asset(partitions=DAYS, keep=1)
def brief(partition):
    """Of which only the current version is kept."""
    return steer("brief", partition)


@team.asset(partitions=DAYS, retries=2)
def flaky(partition):
    """Tried three times."""
    return steer("flaky", partition)


@team.asset(partitions=DAYS, timeout=1)
def hurried(partition):
    """May take a second."""
    return steer("hurried", partition)


@team.asset(contract=Whole, partitions=DAYS)
def coerced(partition):
    """Text that its contract makes numbers."""
    return pd.DataFrame({"value": steer("coerced", partition)})


@team.check(coerced)
def spoils_what_it_sees(value):
    """A check that changes its value; it must see numbers, and spoil nothing."""
    numbers = pd.api.types.is_integer_dtype(value["value"])
    value["value"] = -1
    return numbers


@team.check(coerced)
def sees_it_unspoilt(value):
    """Whatever another check did to its copy."""
    return bool((value["value"] > 0).all())


@team.asset(contract=Dropping, partitions=DAYS)
def dropping(partition):
    """Has a gap."""
    return pd.DataFrame({"value": [1.0, None]})


@team.asset(partitions=DAYS)
def doubted(partition):
    """Has a check that raises."""
    return steer("doubted", partition)


@team.check(doubted)
def crashes(value):
    """A check that cannot come to a verdict."""
    raise ValueError("a secret: 4711")


class Reading:
    """What only this team has, as other teams may have a class of the name in their own ``assets``."""

    def __init__(self, *values):
        self.values = values


@team.asset(shared_with=["*"])
def loose():
    """Plain values; of one, a number that only a pickle keeps; of three, something of this team's own."""
    values = steer("loose")
    return {1: lambda: complex(*values), 3: lambda: Reading(*values)}.get(len(values), lambda: values)()


@team.asset(inputs={"loose": loose})
def own_reading(loose):
    """Reads its own team's value, whatever it is."""
    return type(loose).__name__


@team.asset()
def environment():
    """What its process was given."""
    return dict(os.environ)


@team.asset(partitions=DAYS, timeout=3, retries=1)
def twofold(partition):
    """Its first call outlives its limit and has good data, late; the second has bad data at once."""
    if first_call("twofold", partition):
        await_sign("twofold", partition, "is being checked")
        return [1.0]
    return [-1.0]


@team.check(twofold, severity="warn", timeout=100)
def first_call_is_over(value, partition):
    """Ends a moment after the first call has returned."""
    give_sign("twofold", partition, "is being checked")
    time.sleep(1)
    return True


@team.check(twofold)
def twofold_is_positive(value):
    """All values are above 0."""
    return all(number > 0 for number in value)


SHARED = []


@team.asset(partitions=DAYS)
def shared(partition):
    """Returns what its own code goes on using."""
    SHARED.append(1.0)
    return SHARED


@team.check(shared, severity="warn")
def appends(value):
    """To what was returned, not to its copy."""
    SHARED.append(-1.0)
    return True


@team.check(shared)
def shared_is_positive(value):
    """All values are above 0."""
    return all(number > 0 for number in value)


@team.asset(partitions=DAYS)
def stopping(partition):
    """Raises what a generator ends with, and no future takes."""
    return next(iter([]))


@team.asset(partitions=DAYS)
def leaving(partition):
    """Exits."""
    sys.exit(0)


@team.asset(partitions=DAYS)
def shouting(partition):
    """Interrupts itself."""
    raise KeyboardInterrupt


@team.asset(partitions=DAYS)
def misjudged(partition):
    """Has checks that never come to a verdict."""
    return steer("misjudged", partition)


@team.check(misjudged, timeout=1)
def sleeps(value):
    """For ever."""
    time.sleep(1_000_000)


@team.check(misjudged)
async def sleeps_async(value):
    """Cancelled before it says anything."""
    raise asyncio.CancelledError


@team.check(misjudged)
def exits(value):
    """Without a word."""
    sys.exit(0)


@team.check(misjudged)
def forks(value):
    """Both go on."""
    return os.fork() >= 0


@team.check(misjudged)
def says_too_much(value):
    """What no database takes."""
    return CheckResult(False, 2**70, 2**70, "\0\ud800" + "x" * 100_000, "\0\ud800")


@team.check(misjudged)
def leaves_a_thread(value):
    """Which would keep its process for ever."""
    threading.Thread(target=time.sleep, args=(1_000_000,)).start()
    return False


@team.check(misjudged)
async def judges_later(value):
    """The only one that passes."""
    await asyncio.sleep(0.01)
    return sum(value) > 0


@team.asset(partitions=DAYS)
async def awaited(partition):
    """Made by a coroutine, with metadata of many kinds."""
    await asyncio.sleep(0.01)
    return Output(steer("awaited", partition), metadata={"mean": float("nan"), "last": pd.Timestamp("2020-01-01")})


team.job("clumsy", assets=[leaving, shouting, stopping, misjudged, awaited])

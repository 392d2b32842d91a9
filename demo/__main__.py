"""Tell the story: ``python -m demo --seed 7``. Without a seed it chooses one, and prints it."""

import argparse
import random
import signal
import sys
import time
from types import FrameType

import httpx

from demo import show
from demo.evidence import Evidence
from demo.plan import Plan
from demo.running import running
from demo.story import Story
from lockgate import LockgateError

INTERRUPTED = 130


def main() -> int:
    """Start all, tell the story, end all.

    Returns:
        0; 1 if something turned out otherwise than told or could not be started; 130 if interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m demo", description="The story of four teams and two bad sources.")
    parser.add_argument("--seed", type=int, help="chooses days and faults; a random one if left out")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10_000) if given.seed is None else given.seed
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    began = time.monotonic()
    try:
        _tell(Plan.of(seed))
    except (show.ClaimRefuted, LockgateError, httpx.HTTPError) as error:
        show.failed(f"{str(error) or type(error).__name__} (seed {seed})")
        return 1
    except KeyboardInterrupt:
        show.failed("Interrupted; all that was started is stopped.")
        return INTERRUPTED
    show.done(f"Every claim held; all that was started is stopped. {time.monotonic() - began:.0f} s, seed {seed}.")
    return 0


def _tell(plan: Plan) -> None:
    show.title("lockgate: four teams, and the real flights and weather of New York in 2013")
    show.say(f"Seed {plan.seed}: `make demo SEED={plan.seed}` tells this story again.")
    show.heading(1, "The platform starts, in an empty folder of its own")
    with running() as started, Evidence.open() as evidence:
        Story(plan, started, evidence).tell()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

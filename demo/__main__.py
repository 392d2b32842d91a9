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
from demo.running import connected, running
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
    parser.add_argument("--source", metavar="URL", help="tell it on the running platform, with these source systems")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10_000) if given.seed is None else given.seed
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    began = time.monotonic()
    try:
        _tell(Plan.of(seed), given.source)
    except (show.ClaimRefuted, LockgateError, httpx.HTTPError) as error:
        show.failed(f"{str(error) or type(error).__name__} (seed {seed})")
        return 1
    except KeyboardInterrupt:
        show.failed("Interrupted; all that was started is stopped.")
        return INTERRUPTED
    ended = "" if given.source else "; all that was started is stopped"
    show.done(f"Every claim held{ended}. {time.monotonic() - began:.0f} s, seed {seed}.")
    return 0


def _tell(plan: Plan, source: str | None) -> None:
    show.title("lockgate: four teams, and the real flights and weather of New York in 2013")
    show.say(f"Seed {plan.seed}: `make {'docker-demo' if source else 'demo'} SEED={plan.seed}` tells this story again.")
    show.heading(1, "The production stack, in containers" if source else "The platform starts, in a folder of its own")
    with connected(source) if source else running() as started, Evidence.open() as evidence:
        story = Story(plan, started, evidence)
        story.tell()
        if source:
            story.containers()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

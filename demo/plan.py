"""What happens in the story: chosen by a seed, so that the same number tells the same story again."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

# The weather of 2013 ends a day before its flights do.
FIRST, LAST = date(2013, 1, 1), date(2013, 12, 30)
BAD_DATA = ("nulls", "impossible", "duplicates", "missing_column")
OUT_OF_ORDER = ("http_500", "truncated")


@dataclass(frozen=True)
class Plan:
    """The days, and what goes wrong on which.

    Attributes:
        seed: What chose the rest.
        days: Three days of 2013 that go well at first, sorted.
        bad_day: One of them, whose weather the source later sends with bad data.
        bad_fault: In which way it is bad; any of them makes the checks fail.
        down_day: Another of them, whose flights the source later fails to serve.
        down_fault: In which way it fails; any of them makes the computation raise.
        bad_first: Whether the bad data comes before the failing source.
        new_day: A fourth day, which arrives while both are broken.
    """

    seed: int
    days: tuple[str, ...]
    bad_day: str
    bad_fault: str
    down_day: str
    down_fault: str
    bad_first: bool
    new_day: str

    @classmethod
    def of(cls, seed: int) -> Self:
        """The plan of a seed."""
        chance = random.Random(seed)
        *days, new_day = (_day(number) for number in chance.sample(range((LAST - FIRST).days + 1), 4))
        bad_day, down_day = chance.sample(days, 2)
        return cls(
            seed=seed,
            days=tuple(sorted(days)),
            bad_day=bad_day,
            bad_fault=chance.choice(BAD_DATA),
            down_day=down_day,
            down_fault=chance.choice(OUT_OF_ORDER),
            bad_first=chance.random() < 0.5,
            new_day=new_day,
        )


def _day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()

"""Whatever the seed, the story can be told: its days have data, and its faults do what the story says."""

from datetime import date
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from demo.plan import FIRST, LAST, Plan
from demo.source.faults import Fault

seeds = st.integers()


@given(seeds)
def test_a_seed_always_tells_the_same_story(seed: int) -> None:
    assert Plan.of(seed) == Plan.of(seed)


@given(seeds)
def test_the_days_are_four_and_each_has_weather_and_flights(seed: int) -> None:
    plan = Plan.of(seed)
    every = {*plan.days, plan.new_day}
    assert len(plan.days) == 3
    assert len(every) == 4
    assert all(FIRST <= date.fromisoformat(day) <= LAST for day in every)


@given(seeds)
def test_two_of_the_first_three_days_break_in_ways_that_the_source_knows(seed: int) -> None:
    plan = Plan.of(seed)
    assert {plan.bad_day, plan.down_day} < set(plan.days)
    assert {plan.bad_fault, plan.down_fault} <= set(get_args(Fault))


def test_seeds_differ_in_days_in_faults_and_in_the_order_of_the_breakages() -> None:
    plans = [Plan.of(seed) for seed in range(50)]
    assert len({plan.days for plan in plans}) > 40
    assert {plan.bad_first for plan in plans} == {False, True}
    assert {(plan.bad_fault, plan.down_fault) for plan in plans} == {
        (bad, down)
        for bad in ("nulls", "impossible", "duplicates", "missing_column")
        for down in ("http_500", "truncated")
    }

"""Gate, runs and ledger against a Prefect that drops, duplicates, delays and reorders, with runs that die anywhere.

Thousands of random steps; after each, the invariants; at the end of each history, everything has come to rest where it
should be. ``CHAOS=long`` makes twenty times as many, other ones each time.
"""

import os
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lockgate.core.gate import Open, decide
from lockgate.core.sweep import known_partitions
from tests.chaos.simulated import DAYS, SLEEP, Run, Simulation
from tests.ledger import mutants
from tests.ledger.world import World

LONG = os.environ.get("CHAOS") == "long"
HISTORIES = 1000 if LONG else 50
STEPS = 50
SOURCE_KEYS = ("weather/a", "weather/b")
DERIVED = ("flights/c", "flights/lenient", "delays/d", "delays/e")
DAILY = [(key, day) for key in (*SOURCE_KEYS, *DERIVED[:3]) for day in DAYS]
ALL = [*DAILY, ("delays/e", "")]
pytestmark = pytest.mark.slow

EVERY = st.sampled_from(DAILY)
SOURCES = st.sampled_from([(key, day) for key in SOURCE_KEYS for day in DAYS])
ANY = st.integers(0, 1000)
STEPS_DONE = st.sampled_from([0, 1, 2, 3, 4, 5, 9, 9, 9])

NOT_PASSED = """
    select v.asset, v.partition, v.number from versions as v join verdicts using (attempt)
    where v.number is not null and severity = 'error' and passed is not true
"""
NOT_FROM_PUBLISHED = """
    select inputs.* from inputs join versions on versions.id = inputs.version where versions.number is null
"""
TWICE = """
    select asset, partition, slot, array_agg(id) as attempts from attempts
    where outcome = 'published' and exists (select from inputs where attempt = attempts.id)
    group by asset, partition, slot having count(*) > 1
"""
WITHDRAWN = """
    select heads.* from heads join versions on versions.id = heads.current where withdrawn_at is not null
"""
UNDER_WAY = (
    "select id, asset, partition from attempts where outcome is null union select attempt, asset, partition from claims"
)


class Histories(RuleBasedStateMachine):
    """All that can happen, in any order."""

    world: ClassVar[World]
    sweeps: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.world.clear()
        self.simulation = Simulation(self.world)

    @initialize()
    def all_is_well(self) -> None:
        """Everything is published once, so that there is something to lose."""
        for where in ALL:
            self.simulation.start(where)
            self.simulation.finish()
        self.simulation.events.clear()

    @rule(where=SOURCES, steps=STEPS_DONE)
    def a_source_runs(self, where: tuple[str, str], steps: int) -> None:
        self._advance(self.simulation.start(where), steps)

    @rule(where=EVERY, bad=st.booleans())
    def data_turns(self, where: tuple[str, str], bad: bool) -> None:
        (self.simulation.bad.add if bad else self.simulation.bad.discard)(where)

    @precondition(lambda self: self.simulation.runs)
    @rule(which=ANY, steps=STEPS_DONE)
    def a_run_goes_on(self, which: int, steps: int) -> None:
        self._advance(self.simulation.runs[which % len(self.simulation.runs)], steps)

    @precondition(lambda self: self.simulation.runs)
    @rule(which=ANY)
    def a_run_dies(self, which: int) -> None:
        self.simulation.kill(self.simulation.runs[which % len(self.simulation.runs)])

    @precondition(lambda self: self.simulation.runs)
    @rule(which=ANY)
    def a_slow_runs_lease_runs_out(self, which: int) -> None:
        self.simulation.expire(self.simulation.runs[which % len(self.simulation.runs)])

    @precondition(lambda self: self.simulation.dead)
    @rule()
    def leases_of_the_dead_run_out(self) -> None:
        self.simulation.bury()

    @precondition(lambda self: self.simulation.events)
    @rule(which=ANY, again=st.booleans(), steps=STEPS_DONE)
    def an_event_arrives(self, which: int, again: bool, steps: int) -> None:
        events = self.simulation.events
        where = events[which % len(events)] if again else events.pop(which % len(events))
        self._advance(self.simulation.start(where), steps)

    @precondition(lambda self: self.simulation.events)
    @rule(which=ANY)
    def an_event_is_lost(self, which: int) -> None:
        self.simulation.events.pop(which % len(self.simulation.events))

    @rule()
    def the_sweep_comes_by(self) -> None:
        if self.sweeps:
            self.simulation.sweep()

    @rule(where=EVERY, steps=STEPS_DONE)
    def somebody_starts_something_by_hand(self, where: tuple[str, str], steps: int) -> None:
        self._advance(self.simulation.start(where), steps)

    @rule(where=EVERY)
    def an_owner_rolls_back(self, where: tuple[str, str]) -> None:
        self.simulation.roll_back(where)

    def _advance(self, run: Run, steps: int) -> None:
        for _ in range(steps):
            if run in self.simulation.runs:
                self.simulation.advance(run)

    @invariant()
    def nothing_is_published_unchecked(self) -> None:
        assert self._found(NOT_PASSED) == []

    @invariant()
    def nothing_is_made_from_what_was_never_published(self) -> None:
        assert self._found(NOT_FROM_PUBLISHED) == []

    @invariant()
    def no_work_is_published_twice(self) -> None:
        twice = [row for row in self._found(TWICE) if row[:2] not in self.simulation.rolled_back]
        assert twice == []

    @invariant()
    def nothing_withdrawn_is_current(self) -> None:
        assert self._found(WITHDRAWN) == []

    def teardown(self) -> None:
        """All that is under way ends; every event still in the bag is lost; the sweep makes good what it can."""
        simulation = self.simulation
        simulation.finish()
        simulation.bury()
        for _ in range(12 if self.sweeps else 0):
            simulation.sweep()
            if not simulation.runs:
                break
            simulation.finish()
        self._nothing_is_stuck()
        self._all_stand_on_what_is_current()

    def _nothing_is_stuck(self) -> None:
        platform = self.world.ledger("platform")
        platform.collect(0)  # gives up what nobody came back for
        assert self._found(UNDER_WAY) == []

    def _all_stand_on_what_is_current(self) -> None:
        platform = self.world.ledger("platform")
        snapshot, progress = platform.snapshot_all(), platform.progress()
        for key in DERIVED:
            spec = snapshot.assets[key]
            for partition in known_partitions(spec, snapshot):
                decision = decide(key, partition, snapshot)
                consumed = (
                    isinstance(decision, Open) and progress.of((key, partition), decision, spec.code_version).consumed
                )
                assert not isinstance(decision, Open) or consumed, (key, partition)

    def _found(self, query: str) -> list[Any]:
        return self.world.superuser.execute(query).fetchall()


def play(machine: type[Histories], histories: int) -> None:
    """Run so many random histories; without the search for a shorter one, which on a database takes long."""
    how = settings(
        max_examples=histories,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=not LONG,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    play_one: Callable[..., None] = run_state_machine_as_test
    play_one(machine, settings=how)


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, instead = SLEEP
    monkeypatch.setattr(module, name, instead)


@pytest.fixture
def machine(world: World) -> type[Histories]:
    return type("Machine", (Histories,), {"world": world})


def test_whatever_prefect_does_the_invariants_hold_and_all_comes_to_rest(machine: type[Histories]) -> None:
    """Fifty histories of fifty steps; a thousand with CHAOS=long."""
    play(machine, HISTORIES)


def test_without_the_sweep_the_simulation_finds_dependents_that_were_forgotten(machine: type[Histories]) -> None:
    """A test of the test: lost events do matter here."""
    machine.sweeps = False
    with pytest.raises(AssertionError):
        play(machine, HISTORIES)


def test_without_the_fencing_token_the_simulation_finds_what_it_prevents(machine: type[Histories]) -> None:
    """A test of the test: what began before a rollback does undo it here, and is found out."""
    mutants.remove(machine.world.superuser, "stale_head")
    with pytest.raises(AssertionError):
        play(machine, HISTORIES)

"""Gate, runs and ledger against a Prefect that drops, duplicates, delays and reorders, with runs that die anywhere.

Thousands of random steps; after each, the invariants; at the end of each history, everything has come to rest where it
should be. ``CHAOS=long`` makes twenty times as many, other ones each time.
"""

import os
from collections.abc import Callable
from typing import ClassVar

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
from tests.chaos.invariants import AT_REST, broken
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
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

EVERY = st.sampled_from(DAILY)
SOURCES = st.sampled_from([(key, day) for key in SOURCE_KEYS for day in DAYS])
SOURCE, DEPENDENT = ("weather/a", DAYS[0]), ("flights/c", DAYS[0])
READY_TO_PUBLISH, TO_ITS_END = 5, 9
ANY = st.integers(0, 1000)
STEPS_DONE = st.sampled_from([0, 1, 2, 3, 4, 5, 9, 9, 9])


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
    def all_that_must_always_hold_does(self) -> None:
        assert broken(self.world.superuser) == {}

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
        self.world.operator.collect(0)  # gives up what nobody came back for
        assert broken(self.world.superuser, AT_REST) == {}

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


Happens = Callable[[Histories], None]


def tell(machine: type[Histories], happens: Happens) -> None:
    """One history that is known beforehand, checked as the random ones are, if only at its end."""
    history = machine()
    history.all_is_well()
    happens(history)
    history.all_that_must_always_hold_does()
    history.teardown()


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, instead = SLEEP
    monkeypatch.setattr(module, name, instead)


@pytest.fixture
def machine(world: World) -> type[Histories]:
    return type("Machine", (Histories,), {"world": world})


def test_whatever_prefect_does_the_invariants_hold_and_all_comes_to_rest(machine: type[Histories]) -> None:
    """Fifty histories of fifty steps; a thousand with CHAOS=long. Which ones depends on what else is imported."""
    play(machine, HISTORIES)


def an_event_comes_to_nothing(history: Histories) -> None:
    history.a_source_runs(SOURCE, steps=TO_ITS_END)
    while history.simulation.events:
        history.an_event_is_lost(0)


def an_attempt_outlives_a_rollback(history: Histories) -> None:
    history.a_source_runs(SOURCE, steps=READY_TO_PUBLISH)
    history.an_owner_rolls_back(SOURCE)
    history.a_run_goes_on(0, steps=TO_ITS_END)


def a_slow_run_outlives_its_lease(history: Histories) -> None:
    history.a_source_runs(SOURCE, steps=TO_ITS_END)
    history.somebody_starts_something_by_hand(DEPENDENT, steps=READY_TO_PUBLISH)
    history.a_slow_runs_lease_runs_out(0)
    history.somebody_starts_something_by_hand(DEPENDENT, steps=TO_ITS_END)
    history.a_run_goes_on(0, steps=TO_ITS_END)


GUARDED = [an_event_comes_to_nothing, an_attempt_outlives_a_rollback, a_slow_run_outlives_its_lease]


@pytest.mark.parametrize("happens", GUARDED)
def test_what_the_guards_prevent_does_not_happen(machine: type[Histories], happens: Happens) -> None:
    """The histories of the tests below, with all guards in their places."""
    tell(machine, happens)


def test_without_the_sweep_a_dependent_is_forgotten_and_found_out(machine: type[Histories]) -> None:
    """A test of the test: lost events do matter here."""
    machine.sweeps = False
    with pytest.raises(AssertionError, match="flights/c"):
        tell(machine, an_event_comes_to_nothing)


def test_without_the_fencing_token_a_rollback_is_undone_and_found_out(machine: type[Histories]) -> None:
    """A test of the test: what began before a rollback does undo it here."""
    mutants.remove(machine.world.superuser, "stale_head")
    with pytest.raises(AssertionError, match="undid it"):
        tell(machine, an_attempt_outlives_a_rollback)


def test_without_the_lease_the_same_work_is_published_twice_and_found_out(machine: type[Histories]) -> None:
    """A test of the test: a run whose claim was taken over publishes here all the same."""
    for guard in ("open", "lease", "publish_order"):
        mutants.remove(machine.world.superuser, guard)
    with pytest.raises(AssertionError, match="the same work published twice"):
        tell(machine, a_slow_run_outlives_its_lease)

"""Nothing in the ledger is there for nothing: what no test misses when it is gone is not there.

A test that ``@proves("name")`` runs twice: on the ledger as it is, and, in ``make test-all``, on one without the guard,
constraint or policy of that name, where it must fail.
"""

import importlib
from pathlib import Path

from tests.ledger import mutants
from tests.ledger.world import World


def test_every_guard_constraint_and_policy_has_a_test_that_misses_it(shared_world: World) -> None:
    modules = [importlib.import_module(f"tests.ledger.{path.stem}") for path in Path(__file__).parent.glob("test_*.py")]
    tests = [test for module in modules for name, test in vars(module).items() if name.startswith("test_")]
    proved = {name for test in tests for name in mutants.proved_by(test)}
    assert proved == set(mutants.removals(shared_world.superuser))


def test_every_refusal_of_a_function_is_a_guard(shared_world: World) -> None:
    assert mutants.unguarded_refusals(shared_world.superuser) == []

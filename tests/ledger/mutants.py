"""Ledgers that lack one of their guards, constraints or policies, to see which test misses it.

A guard is a part of a function between ``-- guard: NAME`` and ``-- end guard``. What there is to remove is read from
the catalog of a migrated ledger, so a new one is found whatever migration brings it.
"""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

proves = pytest.mark.proves

_GUARD = re.compile(r"^ *-- guard: (\w+)\n.*?^ *-- end guard\n", re.MULTILINE | re.DOTALL)
_FUNCTIONS = (
    "select proname, pg_get_functiondef(oid) from pg_proc"
    " where pronamespace = 'lockgate'::regnamespace and prokind = 'f'"
)
# All but what Alembic made for itself, and the nullability that every column states.
_RULES = """
    select conname, format('alter table lockgate.%I drop constraint %I cascade', relname, conname)
    from pg_constraint join pg_class on pg_class.oid = conrelid
    where relnamespace = 'lockgate'::regnamespace and contype <> 'n' and relname <> 'alembic_version'
    union all
    select relname, format('drop index lockgate.%I', relname)
    from pg_index join pg_class on pg_class.oid = indexrelid
    where relnamespace = 'lockgate'::regnamespace and indisunique
        and not exists (select from pg_constraint where conindid = indexrelid)
    union all
    select policyname, format('drop policy %I on lockgate.%I', policyname, tablename)
    from pg_policies where schemaname = 'lockgate'
    union all
    select relname || '_row_security', format('alter table lockgate.%I disable row level security', relname)
    from pg_class where relnamespace = 'lockgate'::regnamespace and relrowsecurity
"""


def removals(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """The statements that remove each guard, constraint, policy and row security of a ledger, by name."""
    found = {name: [statement] for name, statement in connection.execute(_RULES)}
    for _, definition in connection.execute(_FUNCTIONS):
        for guard in _GUARD.finditer(definition):
            found.setdefault(guard[1], []).append(definition.replace(guard[0], ""))
    return found


def remove(connection: psycopg.Connection[Any], name: str) -> None:
    """Remove one of them from a ledger."""
    for statement in removals(connection)[name]:
        connection.execute(sql.SQL(statement))  # type: ignore[arg-type]


def unguarded_refusals(connection: psycopg.Connection[Any]) -> list[str]:
    """The functions that refuse something outside a guard."""
    return [
        name for name, definition in connection.execute(_FUNCTIONS)
        if name != "refuse" and "perform refuse(" in _GUARD.sub("", definition)
    ]  # fmt: skip


def proved_by(test: Callable[..., object]) -> list[str]:
    """What a test names: with ``@proves(...)``, or in the marks of its parameters."""
    marks: list[pytest.Mark] = list(getattr(test, "pytestmark", []))
    for mark in list(marks):
        if mark.name == "parametrize":
            for value in mark.args[1]:
                marks += getattr(value, "marks", ())
    return sorted({name for mark in marks if mark.name == "proves" for name in mark.args})

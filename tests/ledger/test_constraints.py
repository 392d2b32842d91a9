"""What the tables themselves refuse, even from a superuser's SQL prompt: each constraint, with a row that breaks it."""

from typing import Any

import psycopg
import pytest

from tests.ledger.mutants import proves
from tests.ledger.world import World

# By raw inserts, so that it can be written down on a ledger that lacks any one of its constraints too:
# version 1 of weather/a was published by attempt 1; attempt 2 is under way, on that version, with a staged value.
HISTORY = """
    insert into assets (key, team, name, active, code_version, partitions, effect, shared_with, spec) values
        ('weather/a', 'weather', 'a', true, 'c1', '{"kind": "none"}', false, '{}', '{}'),
        ('weather/b', 'weather', 'b', true, 'c1', '{"kind": "none"}', false, '{}', '{}');
    insert into asset_inputs (asset, input, param, on_rejected) values ('weather/b', 'weather/a', 'a', 'block');
    insert into dropped_inputs (asset, input) values ('weather/a', 'weather/b');
    insert into asset_checks (asset, name, severity) values ('weather/a', 'contract', 'error');
    insert into attempts (asset, partition, code_version, flow_run_id, slot, base_epoch, pinned_at, outcome, settled_at)
    values
        ('weather/a', '', 'c1', 'run 1', 's1', 0, 1, 'published', now()),
        ('weather/b', '', 'c1', 'run 2', 's2', 0, 2, null, null);
    insert into verdicts (attempt, name, severity, passed) values (1, 'contract', 'error', true);
    insert into versions (attempt, asset, partition, number, location, published_at)
    values (1, 'weather/a', '', 1, 'weather/a/_/1', now());
    insert into versions (attempt, asset, partition, location) values (2, 'weather/b', '', 'weather/b/_/2');
    insert into inputs (attempt, asset, partition, number, version) values (2, 'weather/a', '', 1, 1);
    insert into heads (asset, partition, judged, judged_by, current, number)
    values ('weather/a', '', 'published', 1, 1, 1);
    insert into claims (asset, partition, slot, attempt, expires) values ('weather/b', '', 's2', 2, now());
    insert into declined (asset, partition, slot) values ('weather/a', '', 's0');
    insert into waivers (asset, partition, name, until, why)
    values ('weather/a', '', 'contract', now() + interval '1 day', 'x');
"""

_INPUT = "insert into asset_inputs (asset, input, param, on_rejected) values "
_DROPPED = "insert into dropped_inputs values "
_CHECK = "insert into asset_checks values "
_ATTEMPT = "insert into attempts (asset, partition, code_version, flow_run_id, outcome, settled_at, holder) values "
_VERDICT = "insert into verdicts (attempt, name, severity) values "
_CLAIM = "insert into claims (asset, partition, slot, expires, attempt) values "
_VERSION = "insert into versions (attempt, asset, partition, number, published_at, restores, why) values "
_PIN = "insert into inputs (attempt, asset, partition, number, version) values "
_HEAD = "insert into heads (asset, partition, judged, judged_by, current, number) values "
_DECLINE = "insert into declined values "
_WAIVER = "insert into waivers (id, asset, partition, name, until, why) "


def _asset(key: str = "weather/c", team: str = "weather", name: str = "c", kind: str = "none") -> str:
    return (
        "insert into assets (key, team, name, active, code_version, partitions, effect, shared_with, spec)"
        f" values ('{key}', '{team}', '{name}', true, 'c', '{{\"kind\": \"{kind}\"}}', false, '{{}}', '{{}}')"
    )


BREAKING = {
    # the registry
    "teams_pkey": "insert into teams values ('weather', 'other_role')",
    "teams_role": "insert into teams values ('other', 'lockgate_team_weather')",
    "teams_name": "insert into teams values ('No/team', 'other_role')",
    "teams_reserved": "insert into teams values ('platform', 'other_role')",
    "teams_single_underscores": "insert into teams values ('weather__night', 'other_role')",
    "assets_pkey": _asset("weather/a", name="a"),
    "assets_team": _asset("nobody/c", team="nobody"),
    "assets_name": _asset("weather/C", name="C"),
    "assets_key": _asset("flights/c"),
    "assets_partitions": _asset(kind="hourly"),
    "asset_inputs_pkey": _INPUT + "('weather/b', 'weather/a', 'again', 'block')",
    "asset_inputs_asset": _INPUT + "('weather/never', 'weather/a', 'a', 'block')",
    "asset_inputs_input": _INPUT + "('weather/b', 'weather/never', 'never', 'block')",
    "asset_inputs_param": _INPUT + "('weather/b', 'weather/b', 'a', 'block')",
    "asset_inputs_on_rejected": _INPUT + "('weather/a', 'weather/b', 'b', 'ignore')",
    "dropped_inputs_pkey": _DROPPED + "('weather/a', 'weather/b')",
    "dropped_inputs_asset": _DROPPED + "('weather/never', 'weather/a')",
    "dropped_inputs_input": _DROPPED + "('weather/b', 'weather/never')",
    "asset_checks_pkey": _CHECK + "('weather/a', 'contract', 'warn')",
    "asset_checks_asset": _CHECK + "('weather/never', 'contract', 'error')",
    "asset_checks_name": _CHECK + "('weather/a', 'No; drop', 'error')",
    "asset_checks_severity": _CHECK + "('weather/a', 'fresh', 'info')",
    # attempts under way and settled
    "attempts_pkey": "insert into attempts (id, asset, partition, code_version, flow_run_id)"
    " overriding system value values (1, 'weather/a', '', 'c', 'r')",
    "attempts_asset": _ATTEMPT + "('weather/never', '', 'c', 'r', null, null, null)",
    "attempts_holder": _ATTEMPT + "('weather/a', '', 'c', 'r', 'duplicate', now(), 99)",
    "attempts_outcome": _ATTEMPT + "('weather/a', '', 'c', 'r', 'fine', now(), null)",
    "attempts_settled": _ATTEMPT + "('weather/a', '', 'c', 'r', 'failed', null, null)",
    "attempts_begun": _ATTEMPT + "('weather/a', '', 'c', 'r', 'published', now(), null)",
    "verdicts_pkey": _VERDICT + "(1, 'contract', 'warn')",
    "verdicts_attempt": _VERDICT + "(99, 'contract', 'error')",
    "verdicts_severity": _VERDICT + "(1, 'fresh', 'info')",
    "claims_pkey": _CLAIM + "('weather/b', '', 's2', now(), 1)",
    "claims_asset": _CLAIM + "('weather/never', '', 's', now(), 1)",
    "claims_attempt": _CLAIM + "('weather/b', '', 's', now(), 99)",
    "claims_one_per_attempt": _CLAIM + "('weather/b', '', 's3', now(), 2)",
    # versions and what points at them
    "versions_pkey": "insert into versions (id, attempt, asset, partition, number, published_at, restores, why)"
    " overriding system value values (1, 1, 'weather/a', '', 2, now(), 1, 'because')",
    "versions_attempt": _VERSION + "(99, 'weather/a', '', null, null, null, null)",
    "versions_asset": "update versions set asset = 'weather/never', location = null where attempt = 2",
    "versions_number": _VERSION + "(1, 'weather/a', '', 1, now(), 1, 'again')",
    "versions_restores": _VERSION + "(1, 'weather/a', '', 2, now(), 7, 'because')",
    "versions_positive": "update versions set number = 0, published_at = now() where attempt = 2",
    "versions_published": "update versions set number = 1 where attempt = 2",
    "versions_why": _VERSION + "(1, 'weather/a', '', 2, now(), 1, null)",
    "versions_withdrawn": "update versions set withdrawn_at = now() where attempt = 2",
    "versions_location": "update versions set location = 'weather/b/_/2/../../../weather/a/_/1' where attempt = 2",
    "versions_one_per_attempt": _VERSION + "(1, 'weather/a', '', null, null, null, null)",
    "inputs_pkey": _PIN + "(2, 'weather/a', '', 1, 1)",
    "inputs_attempt": _PIN + "(99, 'weather/a', '', 1, 1)",
    "inputs_version": _PIN + "(1, 'weather/b', '', 1, 2)",
    "heads_pkey": _HEAD + "('weather/a', '', null, null, null, null)",
    "heads_asset": _HEAD + "('weather/never', '', null, null, null, null)",
    "heads_judged_by": _HEAD + "('weather/b', '', 'rejected', 99, null, null)",
    "heads_current": _HEAD + "('weather/b', '', 'published', 1, 1, 1)",
    "heads_judged": _HEAD + "('weather/b', '', 'failed', 1, null, null)",
    "heads_judge": _HEAD + "('weather/b', '', 'rejected', null, null, null)",
    "heads_number": "update heads set number = null",
    "heads_published": _HEAD + "('weather/b', '', 'published', 1, null, null)",
    "declined_pkey": _DECLINE + "('weather/a', '', 's0')",
    "declined_asset": _DECLINE + "('weather/never', '', 's')",
    # waivers
    "waivers_pkey": _WAIVER
    + "overriding system value values (1, 'weather/a', '', 'contract', now() + interval '1 day', 'x')",
    "waivers_asset": _WAIVER + "values (default, 'weather/never', '', 'contract', now() + interval '1 day', 'x')",
    "waivers_bounded": _WAIVER + "values (default, 'weather/a', '', 'contract', now() + interval '31 days', 'x')",
    "waivers_why": _WAIVER + "values (default, 'weather/a', '', 'contract', now() + interval '1 day', ' ')",
    "verdicts_waiver": "update verdicts set waiver = 99",
}


@pytest.fixture
def history(world: World) -> psycopg.Connection[Any]:
    world.superuser.execute(HISTORY)
    return world.superuser


@pytest.mark.parametrize("name", [pytest.param(name, id=name, marks=proves(name)) for name in BREAKING])
def test_a_row_that_breaks_it_is_refused(history: psycopg.Connection[Any], name: str) -> None:
    with pytest.raises(psycopg.IntegrityError) as refused, history.transaction(force_rollback=True):
        history.execute(BREAKING[name])
    if refused.value.diag.constraint_name != name:
        raise refused.value


@proves("versions_identity")
@pytest.mark.parametrize("pin", ["'weather/a', '', 7, 1", "'weather/b', '', 1, 1", "'weather/a', 'x', 1, 1"])
def test_a_pin_names_a_published_version_of_that_very_slice(history: psycopg.Connection[Any], pin: str) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation), history.transaction(force_rollback=True):
        history.execute(f"{_PIN} (1, {pin})")

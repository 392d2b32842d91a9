"""What one team cannot do to the others with its own login: take their connections, hold them up, feed them garbage."""

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from lockgate.core.catch_up import missed
from lockgate.core.errors import LedgerError
from lockgate.core.explain import explain
from lockgate.core.gate import Blocked, decide
from lockgate.core.sweep import Progress, missing_runs
from lockgate.ledger import Ledger
from lockgate.ledger.admin import bootstrap
from lockgate.ledger.errors import LedgerUnavailable, RegistrationRefused, RegistryHeld
from lockgate.ledger.limits import MOST
from lockgate.ledger.roles import team_role
from lockgate.orchestration.retention import apply
from lockgate.orchestration.standings import status_rows
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset
from tests.postgres import LOGINS, TEMPLATE

SOURCE, USE, OWN = "weather/source", "flights/use", "delays/own"
HOUR = 3600.0


@pytest.fixture
def scene(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Team delays attacks; flights reads from weather, and has nothing to do with delays."""
    world.deploy(asset(SOURCE), asset(USE, SOURCE), asset(OWN, SOURCE))
    world.publish(SOURCE)
    world.superuser.execute("alter function lock_registry set lock_timeout = '300ms'")
    monkeypatch.setenv("LOCKGATE_STORE_URL", "")  # as in the stack: the platform touches no values
    return world


@contextmanager
def held_open(world: World, login: str, *statements: str | tuple[str, list[Any]]) -> Iterator[psycopg.Connection[Any]]:
    """A session of a team that has lifted its limits, with a transaction that it does not end."""
    with psycopg.connect(world.url(login)) as session:
        for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            session.execute(f"set {setting} = 0")  # type: ignore[arg-type]
        session.commit()
        for statement in statements:
            session.execute(*((statement,) if isinstance(statement, str) else statement))  # type: ignore[arg-type]
        try:
            yield session
        finally:
            session.close()


def registering(world: World, team: str) -> tuple[str, list[Any]]:
    return "select lockgate.register(%s)", [Jsonb(world.manifest(team))]


# -- connections ---------------------------------------------------------------------------------------------


def test_a_team_that_opens_all_the_connections_it_can_leaves_the_others_theirs(scene: World) -> None:
    """Tried with 190 by one login; then another team's run has all it needs."""
    opened: list[psycopg.Connection[Any]] = []
    try:
        with suppress(psycopg.OperationalError):
            for _ in range(190):
                opened.append(psycopg.connect(scene.url("delays")))
        assert 0 < len(opened) <= MOST
        with pytest.raises(LedgerUnavailable, match="gives this login no more connections"):
            Ledger(scene.url("delays"))
        with Ledger(scene.url("flights")) as flights, Ledger(scene.url("platform")) as platform:
            assert set(flights.registry()) == set(platform.registry()) == {SOURCE, USE, OWN}
            scene.publish(USE)
    finally:
        for one in opened:
            one.close()


def test_all_teams_together_leave_prefect_and_the_platform_their_share(scene: World) -> None:
    limits = scene.ask("select sum(rolconnlimit) from pg_roles where rolname in (select role from teams)")
    most = scene.ask("select current_setting('max_connections')::int")
    assert 0 < limits <= most - 50
    assert scene.ask("select min(rolconnlimit) from pg_roles where rolname in (select role from teams)") > 0


def test_a_server_that_takes_too_few_connections_for_so_many_teams_is_told_of(scene: World) -> None:
    with pytest.raises(LedgerError, match="too few for Prefect and 3 teams"):
        bootstrap(scene.server.url, LOGINS, database=TEMPLATE, prefect_processes=13)


def test_a_repeated_bootstrap_gives_roles_that_are_there_their_limits(scene: World) -> None:
    role = team_role("weather")
    for change in ("connection limit -1", "reset all"):
        scene.superuser.execute(f"alter role {role} {change}")  # type: ignore[arg-type]
    bootstrap(scene.server.url, LOGINS, database=TEMPLATE)
    assert scene.ask("select rolconnlimit from pg_roles where rolname = %s", role) > 0
    with psycopg.connect(scene.url("weather")) as session:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "temp_file_limit")
        found = [session.execute(f"show {name}").fetchone() for name in names]  # type: ignore[arg-type]
    assert found == [("2min",), ("30s",), ("1min",), ("1GB",)]


@pytest.mark.parametrize(
    "statement",
    [
        "select lo_create(0)",
        "select lo_from_bytea(0, 'x')",
        "select pg_logical_emit_message(false, 'x', repeat('x', 100))",
        "select pg_advisory_lock(hashtext('lockgate.bootstrap'))",
        "select pg_try_advisory_xact_lock(1)",
        "set temp_file_limit = '1TB'",
        "create temp table heap (x int)",
    ],
)
def test_a_login_can_neither_fill_the_disk_nor_take_a_lock_of_its_own(scene: World, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        scene.raw("delays").execute(statement)  # type: ignore[arg-type]


# -- held up -------------------------------------------------------------------------------------------------


def test_a_registration_held_open_stops_no_other_teams_deploy(scene: World) -> None:
    """It is ended, and who waited has it next: nobody has to intervene."""
    with held_open(scene, "delays", registering(scene, "delays")) as session:
        scene.deploy(asset(USE, SOURCE, code="c2"))
        assert scene.of(USE).registry()[USE].code_version == "c2"
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")


def test_many_sessions_that_queue_for_the_registry_stop_no_other_teams_deploy(scene: World) -> None:
    begun = [threading.Event() for _ in range(4)]

    def hold(here: threading.Event) -> None:
        with suppress(psycopg.Error), psycopg.connect(scene.url("delays")) as session:
            session.execute("set lock_timeout = 0")
            here.set()
            session.execute(*registering(scene, "delays"))  # type: ignore[arg-type]
            threading.Event().wait(2)
            session.execute("select 1")

    holders = [threading.Thread(target=hold, args=(each,), daemon=True) for each in begun]
    for holder, each in zip(holders, begun, strict=True):
        holder.start()
        each.wait(10)
    scene.deploy(asset(USE, SOURCE, code="c2"))
    assert scene.of(USE).registry()[USE].code_version == "c2"
    for holder in holders:
        holder.join(30)


@proves("registry_free")
def test_where_no_session_may_be_ended_one_waits_so_long_and_is_told(scene: World) -> None:
    scene.superuser.execute("revoke pg_signal_backend from lockgate_owner")
    try:
        with (
            held_open(scene, "delays", registering(scene, "delays")),
            pytest.raises(LedgerError) as refused,
        ):
            scene.ledger("flights").register(scene.manifest("flights"))
        assert isinstance(refused.value, RegistryHeld)
        assert str(refused.value) == "Another deploy holds the registry. Deploy again in a minute."
    finally:
        scene.superuser.execute("grant pg_signal_backend to lockgate_owner")


def test_a_registration_held_open_stops_no_gate_no_publish_and_no_sweep(scene: World) -> None:
    with held_open(scene, "delays", registering(scene, "delays")):
        scene.publish(SOURCE)
        scene.publish(USE)
        snapshot, progress = scene.operator.snapshot_all(), scene.operator.progress()
        assert list(missing_runs(snapshot, progress)) is not None
        assert len(status_rows(scene.operator)) == 3
        assert apply(scene.operator).versions == ()


def test_an_attempt_held_open_stops_nobody_and_is_ended_by_the_sweep(scene: World) -> None:
    """The team holds its own slice, and through its pins a row of the producer."""
    begun = scene.begin(OWN)
    scene.expire(begun)
    (pin,) = scene.pins_of(SOURCE)
    hold = ("select lockgate.renew(%s, %s, 1)", [begun.attempt, begun.token])
    with held_open(scene, "delays", hold) as session:
        scene.publish(SOURCE)
        scene.of(SOURCE).rollback(SOURCE, "", to_number=pin.number, why="bad")
        assert scene.operator.expire(begun.attempt) is False
        scene.operator.announced(pin.version_id)
        scene.operator.collect(0)
        assert scene.operator.end_overlong(0) == [team_role("delays")]
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
    assert scene.operator.expire(begun.attempt) is True


def test_retention_goes_on_for_all_others_while_one_team_holds_its_records(scene: World) -> None:
    for key in (SOURCE, OWN):
        begun = scene.begin(key, run="failing", forced=True)
        scene.of(key).fail(begun.attempt, begun.token, "x")
    scene.superuser.execute("update attempts set settled_at = now() - interval '1 day' where outcome = 'failed'")
    scene.superuser.execute("alter function retire_attempts set lock_timeout = '300ms'")
    failed = scene.ask("select id from attempts where outcome = 'failed' and asset = %s", OWN)
    token = scene.ask("select token from attempts where id = %s", failed)
    scene.superuser.execute("update attempts set outcome = null, settled_at = null where id = %s", [failed])
    scene.superuser.execute(
        "insert into claims (asset, partition, slot, attempt, expires) values (%s, '', 's', %s, now())", [OWN, failed]
    )
    with held_open(scene, "delays", ("select lockgate.fail(%s, %s, 'again')", [failed, token])):
        assert scene.operator.retire_attempts(HOUR) >= 1
    assert scene.ask("select count(*) from attempts where asset = %s and outcome = 'failed'", SOURCE) == 0


def test_only_overlong_transactions_of_teams_are_ended(scene: World) -> None:
    with held_open(scene, "delays", "select 1") as session:
        assert scene.operator.end_overlong(600) == []
        assert session.execute("select 2").fetchone() == (2,)


# -- garbage -------------------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], object]
FORMLESS: dict[str, Change] = {
    "a start that is no day": lambda spec: spec.update(partitions={"kind": "daily", "start": "yesterday", "end": None}),
    "a day that is none": lambda spec: spec.update(partitions={"kind": "daily", "start": "2013-02-30", "end": None}),
    "an end before the start": lambda spec: spec.update(
        partitions={"kind": "daily", "start": "2013-02-03", "end": "2013-02-01"}
    ),
    "an unknown kind": lambda spec: spec.update(partitions={"kind": "hourly"}),
    "names that are text": lambda spec: spec.update(partitions={"kind": "static", "names": "north"}),
    "a name twice": lambda spec: spec.update(partitions={"kind": "static", "names": ["a", "a"]}),
    "a name that is a path": lambda spec: spec.update(partitions={"kind": "static", "names": ["../a"]}),
    "tags that are text": lambda spec: spec.update(tags="source"),
    "owners that are numbers": lambda spec: spec.update(owners=[1]),
    "no description": lambda spec: spec.pop("description"),
    "keep in words": lambda spec: spec.update(keep="many"),
    "keep 0": lambda spec: spec.update(keep=0),
    "keep beyond any number": lambda spec: spec.update(keep=10**30),
    "retries 1.5": lambda spec: spec.update(retries=1.5),
    "a schedule that is text": lambda spec: spec.update(schedule="0 6 * * *"),
    "an interval of nothing": lambda spec: spec.update(schedule={"interval": 0}),
    "an interval of ages": lambda spec: spec.update(schedule={"interval": 1e300}),
    "wants some": lambda spec: spec.update(wants="some"),
    "catch_up of its own": lambda spec: spec.update(catch_up="never"),
    "an effect that is text": lambda spec: spec.update(effect="yes"),
    "an input without a parameter": lambda spec: spec["inputs"][0].pop("param"),
    "triggers in words": lambda spec: spec["inputs"][0].update(triggers="yes"),
    "a contract that is a list": lambda spec: spec.update(contract=[]),
    "a column without a type": lambda spec: spec.update(
        contract={"name": "x", "rules": [], "columns": [{"name": "a"}]}
    ),
    "more than anybody reads": lambda spec: spec.update(owners=["x" * 9_000] * 60),
}


@pytest.mark.parametrize("change", FORMLESS.values(), ids=FORMLESS)
def test_a_spec_that_nobody_could_read_is_not_registered(scene: World, change: Change) -> None:
    manifest = copy.deepcopy(scene.manifest("delays"))
    change(manifest["assets"][0])
    with pytest.raises(RegistrationRefused, match=r"^delays/own cannot be registered: nobody could read its \w+\. "):
        scene.ledger("delays").register(manifest)
    assert scene.ledger("flights").registry()[OWN] == scene.specs[OWN]


@proves("spec_form")
def test_a_start_that_is_no_day_is_not_registered(scene: World) -> None:
    manifest = copy.deepcopy(scene.manifest("delays"))
    FORMLESS["a start that is no day"](manifest["assets"][0])
    with pytest.raises(RegistrationRefused):
        scene.ledger("delays").register(manifest)


@proves("manifest_form")
def test_a_manifest_without_assets_is_refused(scene: World) -> None:
    """Not taken for one that has none, which would remove all the team has."""
    with pytest.raises(RegistrationRefused, match="has no list of assets"):
        scene.ledger("delays").register({"team": "delays"})


# What a newer release or an older one may have registered: each reads as nothing anybody knows.
UNREADABLE = {
    "inputs": """'[{"key": "weather/source", "param": "a", "on_rejected": "block", "triggers": null, "later": 1}]'""",
    "checks": """'[{"name": "contract", "severity": "error", "tolerance": 0.1}]'""",
    "contract": """'{"name": "x", "columns": [{"name": "a", "dtype": "int", "lossy": true}], "rules": []}'""",
    "partitions": """'{"kind": "daily", "start": "yesterday"}'""",
    "schedule": """'{"cron": "0 0 30 2 *", "timezone": "UTC"}'""",
    "keep": """'"many"'""",
    "tags": """'"source"'""",
    "owners": "'7'",
    "retries": "'null'",
}


@pytest.mark.parametrize("field", UNREADABLE)
def test_a_spec_that_cannot_be_read_concerns_its_owner_and_readers_alone(scene: World, field: str) -> None:
    scene.deploy(asset("delays/other", OWN), asset("flights/reads_it", OWN))
    scene.superuser.execute(
        f"update assets set spec = jsonb_set(spec, '{{{field}}}', {UNREADABLE[field]}) where key = %s",  # type: ignore[arg-type]
        [OWN],
    )
    for login in ("weather", "flights", "delays", "platform"):
        registry = scene.ledger(login).registry()
        assert {key for key, spec in registry.items() if spec.unreadable} == {OWN}
        assert registry[SOURCE] == scene.specs[SOURCE]
    snapshot = scene.operator.snapshot_all()
    assert {row["key"] for row in status_rows(scene.operator)} == set(scene.specs)
    assert [start.key for start in missing_runs(snapshot, Progress())] == [USE]
    for key in ("flights/reads_it", OWN):
        decision = decide(key, "", scene.of(key).snapshot(key, ""))
        assert isinstance(decision, Blocked)
        assert str(decision.reasons[0]) == (
            "delays/own was registered by another release of lockgate; team delays can deploy it anew"
        )
    told = explain("flights/reads_it", "", snapshot, {}, Progress()).causes[0]
    assert (told.state, "\n" in told.why, told.why[:10]) == ("unreadable", False, "delays/own")
    scene.publish(USE)
    scene.deploy(asset(SOURCE, code="c2"))
    assert apply(scene.operator).versions == ()
    assert all(missed(spec.catch_up, spec.schedule, *[scene.operator.now()] * 3) == [] for spec in registry.values()
               if spec.schedule)  # fmt: skip
    scene.deploy(asset(OWN, SOURCE))
    assert not scene.operator.registry()[OWN].unreadable

"""A ledger with three teams, and the steps of a run in one line each."""

from collections.abc import Sequence
from typing import Any, Self

import psycopg

from lockgate.core.check import Verdict
from lockgate.core.gate import Decision, Open, Pin, decide
from lockgate.core.partitions import Partitions, Unpartitioned
from lockgate.core.spec import AssetSpec, CheckSpec, InputSpec
from lockgate.ledger import Begun, Ledger, Operator, Published
from lockgate.ledger.roles import PLATFORM, team_role
from tests.postgres import LOGINS, Server

LEASE = 60.0
_REGISTRY = "assets, asset_inputs, dropped_inputs, asset_checks"
_HISTORY = "attempts, verdicts, claims, versions, inputs, heads, declined, waivers"
_CLEAR = f"truncate {_REGISTRY}, {_HISTORY} restart identity; alter sequence tick restart"


def asset(
    key: str,
    *inputs: str | InputSpec,
    code: str = "c1",
    checks: Sequence[str | CheckSpec] = ("contract",),
    shared_with: Sequence[str] = ("*",),
    partitions: Partitions = Unpartitioned(),  # noqa: B008 - frozen
    effect: bool = False,
) -> AssetSpec:
    given = [one if isinstance(one, InputSpec) else InputSpec(one, one.replace("/", "_")) for one in inputs]
    tests = [one if isinstance(one, CheckSpec) else CheckSpec(one) for one in checks]
    return AssetSpec(
        key,
        code_version=code,
        partitions=partitions,
        inputs=tuple(given),
        checks=tuple(tests),
        shared_with=tuple(shared_with),
        effect=effect,
    )


class World:
    """One ledger, its logins, and what is deployed in it."""

    def __init__(self, server: Server, database: str) -> None:
        self.server = server
        self.database = database
        self.specs: dict[str, AssetSpec] = {}
        self._open: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._open.values():
            connection.close()

    def clear(self) -> None:
        """Forget everything but the teams."""
        self.specs.clear()
        self.superuser.execute(_CLEAR)

    # -- logins

    def url(self, login: str) -> str:
        role = PLATFORM if login == "platform" else team_role(login)
        return self.server.login(self.database, role, LOGINS[login])

    def ledger(self, login: str) -> Ledger:
        if login not in self._open:
            self._open[login] = (Operator if login == "platform" else Ledger)(self.url(login))
        found: Ledger = self._open[login]
        return found

    @property
    def operator(self) -> Operator:
        """The ledger as the platform operates it."""
        found = self.ledger("platform")
        assert isinstance(found, Operator)
        return found

    def of(self, key: str) -> Ledger:
        """The ledger as the owner of an asset sees it."""
        return self.ledger(key.partition("/")[0])

    def raw(self, login: str) -> psycopg.Connection[Any]:
        """A team's own SQL prompt."""
        return self._raw(f"raw {login}", self.url(login))

    @property
    def superuser(self) -> psycopg.Connection[Any]:
        return self._raw("superuser", self.server.database(self.database) + "?options=-csearch_path%3Dlockgate")

    def _raw(self, name: str, url: str) -> psycopg.Connection[Any]:
        if name not in self._open:
            self._open[name] = psycopg.connect(url, autocommit=True)
        found: psycopg.Connection[Any] = self._open[name]
        return found

    def ask(self, query: str, *arguments: Any) -> Any:
        """One value, as the superuser sees it."""
        row = self.superuser.execute(query, arguments or None).fetchone()
        return row[0] if row else None

    def expire(self, begun: Begun) -> None:
        """Let the lease of an attempt have run out an hour ago."""
        self.superuser.execute(
            "update claims set expires = now() - interval '1 hour' where attempt = %s", [begun.attempt]
        )

    # -- what teams do

    def deploy(self, *specs: AssetSpec) -> None:
        """Deploy assets, in the order of their teams, on top of what is deployed."""
        self.specs |= {spec.key: spec for spec in specs}
        for team in dict.fromkeys(spec.team for spec in specs):
            self.ledger(team).register(self.manifest(team))

    def remove(self, key: str) -> None:
        team = self.specs.pop(key).team
        self.ledger(team).register(self.manifest(team))

    def manifest(self, team: str) -> dict[str, Any]:
        return {"team": team, "assets": [spec.to_json() for spec in self.specs.values() if spec.team == team]}

    def decide(self, key: str, partition: str = "", *, force: bool = False) -> Decision:
        return decide(key, partition, self.of(key).snapshot(key, partition), force=force)

    def pins(self, key: str, partition: str = "") -> tuple[Pin, ...]:
        decision = self.decide(key, partition, force=True)
        assert isinstance(decision, Open), decision
        return decision.pins

    def pins_of(self, key: str, partition: str = "") -> tuple[Pin]:
        """The pin on what is current."""
        version = self.of(key).version(key, partition)
        assert version
        return (Pin(key, partition, version.number, version.version_id),)

    def begin(
        self,
        key: str,
        partition: str = "",
        *,
        pins: Sequence[Pin] | None = None,
        run: str = "run",
        lease: float = LEASE,
        forced: bool = False,
        code: str | None = None,
        queued: Begun | None = None,
    ) -> Begun:
        return self.of(key).begin(
            key,
            partition,
            code_version=code or self.specs[key].code_version,
            flow_run_id=run,
            pins=self.pins(key, partition) if pins is None else pins,
            forced=forced,
            lease_seconds=lease,
            queued=queued,
        )

    def stage(self, key: str, begun: Begun, partition: str = "", digest: str = "d", location: str = "") -> None:
        self.of(key).stage(
            begun.attempt,
            begun.token,
            location=location or f"{key}/{partition or '_'}/{begun.attempt}",
            digest=digest,
            size=1,
            rows=1,
            metadata={},
        )

    def judge(self, key: str, begun: Begun, *failing: str) -> None:
        """Give the verdict of every check; ``failing`` ones fail."""
        for check in self.specs[key].checks:
            verdict = Verdict(check.name, check.severity, check.name not in failing, 0, 1, "message", "xx9")
            self.of(key).verdict(begun.attempt, begun.token, verdict)

    def prepare(self, key: str, partition: str = "", *failing: str, **options: Any) -> Begun:
        """Begin, stage and judge an attempt: ready to be published or rejected."""
        begun = self.begin(key, partition, **options)
        assert begun.outcome == "begun", begun
        if not self.specs[key].effect:
            self.stage(key, begun, partition)
        self.judge(key, begun, *failing)
        return begun

    def publish(self, key: str, partition: str = "", **options: Any) -> Published:
        begun = self.prepare(key, partition, **options)
        return self.of(key).publish(begun.attempt, begun.token)

    def reject(self, key: str, partition: str = "", **options: Any) -> Published:
        begun = self.prepare(key, partition, "contract", **options)
        return self.of(key).reject(begun.attempt, begun.token)

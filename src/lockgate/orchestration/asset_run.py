"""One run of one asset: the six steps, each against the ledger and the store, without a word of Prefect.

    1. gate     pin the inputs' current versions in one snapshot and decide
    2. compute  call the team's function on them
    3. stage    write the value as a new, invisible version
    4. check    the contract and every other check, each on a copy of its own
    5. publish  make the version current, if every error check passed
    6. reject   otherwise: record why; the last good version stays current

``AssetRun`` owns the state between the steps. It does not own their order, their concurrency or how they
show in Prefect: that is ``asset_steps``. A crash at any line leaves the head as it was.
"""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lockgate.core.asset import Asset, Output
from lockgate.core.calling import asks_for, call
from lockgate.core.check import CONTRACT, Check, Verdict
from lockgate.core.errors import LedgerError
from lockgate.core.gate import AlreadyRejected, Blocked, Decision, Open, Pin, Slice, Unchanged, Waiting, decide
from lockgate.core.metadata import kept_metadata
from lockgate.core.partitions import UNPARTITIONED, Unpartitioned
from lockgate.core.spec import AssetSpec, InputSpec
from lockgate.ledger import Begun, InputsMoved, Ledger, Published
from lockgate.orchestration.lease import LEASE_SECONDS
from lockgate.reading import only_pinned, read
from lockgate.store import Encoded, Store, UnsupportedValue, encode

if TYPE_CHECKING:  # a team without contracts does not pay for pandas and pandera
    from lockgate.core.contract import Applied

TURN_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Computed:
    """What one call of the team's function came to.

    Attributes:
        known: Its inputs by parameter name, and ``partition``.
        output: What it returned, as the contract left it, with metadata as it is kept.
        applied: The same as the contract judges it; None without a contract.
    """

    known: dict[str, Any]
    output: Output
    applied: "Applied | None" = None


@dataclass
class AssetRun:
    """State of one run between its steps.

    Args:
        asset: The declared asset.
        spec: What is registered of it.
        partition: The partition to run.
        force: Run even if nothing changed.
        flow_run_id: Prefect's id of this run.
        ledger: Opened with the team's own login.
        store: Where the team's values lie.
    """

    asset: Asset
    spec: AssetSpec
    partition: str
    force: bool
    flow_run_id: str
    ledger: Ledger
    store: Store
    begun: Begun | None = None
    pins: dict[Slice, Pin] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    output: Output = field(default_factory=lambda: Output(None))
    encoded: Encoded | UnsupportedValue = Encoded("", b"")
    applied: "Applied | None" = None
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    @property
    def attempt(self) -> Begun:
        """The attempt this run holds the claim of."""
        if self.begun is None:
            raise RuntimeError("the gate has not opened")
        return self.begun

    def gate(self) -> Decision | Begun:
        """Decide, and claim the work if the gate is open.

        Returns:
            The decision that ends the run, or the begun attempt; its outcome may be ``duplicate``, as what is
            recorded of one that was rejected already.
        """
        while True:
            snapshot = self.ledger.snapshot(self.spec.key, self.partition)
            decision = decide(self.spec.key, self.partition, snapshot, force=self.force)
            if not isinstance(decision, Open | AlreadyRejected):
                return self._settled(decision)
            try:
                begun = self._begin(decision)
            except InputsMoved:
                continue
            if isinstance(decision, AlreadyRejected) and begun.outcome == "duplicate":
                return decision
            if begun.outcome != "queued":
                return begun
            time.sleep(TURN_POLL_SECONDS)

    def _begin(self, decision: Open | AlreadyRejected) -> Begun:
        begun = self.ledger.begin(
            self.spec.key,
            self.partition,
            code_version=self.spec.code_version,
            flow_run_id=self.flow_run_id,
            pins=decision.pins,
            forced=self.force,
            lease_seconds=LEASE_SECONDS,
            queued=self.begun,
        )
        self.begun = begun
        self.pins = {(pin.asset, pin.partition): pin for pin in decision.pins}
        return begun

    def _settled(self, decision: Blocked | Waiting | Unchanged) -> Decision:
        """Record a run that ends at the gate; an unchanged one is recorded by ``confirm``."""
        if isinstance(decision, Unchanged):
            self.pins = {(pin.asset, pin.partition): pin for pin in decision.pins}
        else:
            self.ledger.record(
                self.spec.key,
                self.partition,
                outcome="blocked" if isinstance(decision, Blocked) else "waiting",
                code_version=self.spec.code_version,
                flow_run_id=self.flow_run_id,
                reasons=decision.reasons,
                queued=self.begun,
            )
        return decision

    def confirm(self) -> Published:
        """Confirm the current version as made from the same inputs by the same code."""
        return self.ledger.confirm(
            self.spec.key,
            self.partition,
            code_version=self.spec.code_version,
            flow_run_id=self.flow_run_id,
            pins=tuple(self.pins.values()),
            queued=self.begun,
        )

    def compute(self) -> Computed:
        """Load the pinned inputs and call the team's function. Changes nothing here: see ``accept``.

        Raises:
            DefinitionError: If an effect returned something, another asset nothing, or metadata cannot be kept.
        """
        with only_pinned(self.pins):
            known = {given.param: self._load(given) for given in self.spec.inputs}
            known["partition"] = self.partition
            asked = asks_for(self.asset.fn)
            returned = call(self.asset.fn, **{name: value for name, value in known.items() if name in asked})
        output = self.asset.output_of(returned)
        metadata = kept_metadata(output.metadata, self.spec.key)
        if self.asset.contract is None:
            return Computed(known, Output(output.value, metadata))
        applied = self.asset.contract.apply(output.value)
        return Computed(known, Output(applied.value, metadata), applied)

    def accept(self, computed: Computed) -> None:
        """Go on with what was computed. A computation that outlived its limit is never accepted."""
        self.known, self.output, self.applied = computed.known, computed.output, computed.applied

    def encode(self) -> None:
        """Settle what is staged and judged: the value as it is stored, read back.

        Whatever the team's code still holds of what it returned, and does to it, changes neither. A value that cannot
        be stored is judged as it is: it may be rejected for a better reason.
        """
        try:
            self.encoded = encode(self.output.value)
            value = self.encoded.decoded()
        except UnsupportedValue as error:
            self.encoded, value = error, self.output.value
        self.output = Output(value, self.output.metadata)
        self.applied = self.applied and replace(self.applied, value=value)

    def _load(self, given: InputSpec) -> Any:
        """The value of an input; a dict from partition to value where this asset fans in."""
        values = {
            pin.partition: read(self.ledger, self.store, pin.asset, pin.partition, pin.number)
            for pin in self.pins.values()
            if pin.asset == given.key
        }
        fans_in = isinstance(self.spec.partitions, Unpartitioned) and UNPARTITIONED not in values
        return values if fans_in else next(iter(values.values()))

    def stage(self) -> None:
        """Write the value where nobody sees it yet. An effect has none."""
        if self.spec.effect:
            return
        if isinstance(self.encoded, UnsupportedValue):
            raise self.encoded
        stored = self.store.put(self._location(), self.encoded)
        self.ledger.stage(
            self.attempt.attempt,
            self.attempt.token,
            location=stored.location,
            digest=stored.digest,
            size=stored.size,
            rows=stored.rows,
            metadata=self.output.metadata,
        )

    def _location(self) -> str:
        return f"{self.spec.key}/{self.partition or '_'}/{self.attempt.attempt}"

    def judge(self, check: Check) -> Verdict:
        """Run one check on copies of the value and of what it asks for. Records nothing: see ``record``."""
        return check.judge(self.output.value, self.known)

    def judge_contract(self) -> Verdict:
        """Judge the value by the contract. Records nothing: see ``record``."""
        if self.asset.contract is None or self.applied is None:
            raise RuntimeError(f"{self.spec.key} has no contract")
        return self.asset.contract.run(self.applied)

    def record(self, verdict: Verdict) -> Verdict:
        """Record a verdict; returns it with whether it is waived."""
        self.ledger.verdict(self.attempt.attempt, self.attempt.token, verdict)
        if verdict.blocks:
            live = self.ledger.waivers(self.spec.key, self.partition, live=True)
            verdict = replace(verdict, waived=verdict.name in {waiver.check for waiver in live})
        self.verdicts[verdict.name] = verdict
        return verdict

    @property
    def rejected(self) -> list[Verdict]:
        """The failed ``error`` verdicts, the contract's first."""
        return sorted((v for v in self.verdicts.values() if v.blocks), key=lambda v: v.name != CONTRACT)

    def publish(self) -> Published:
        """Make the staged version current; the ledger has the last word."""
        return self.ledger.publish(self.attempt.attempt, self.attempt.token)

    def reject(self) -> None:
        """Settle the attempt as rejected."""
        self.ledger.reject(self.attempt.attempt, self.attempt.token)

    def announced(self, published: Published) -> None:
        """Note that the event was sent; if that fails, the sweep sends it once more, which is harmless."""
        if published.version_id is not None:
            with suppress(LedgerError):
                self.ledger.announced(published.version_id)

    def fail(self, why: str, *, cancelled: bool = False) -> None:
        """Settle the attempt as failed, or as cancelled, and free its claim."""
        self.ledger.fail(self.attempt.attempt, self.attempt.token, why, cancelled=cancelled)

"""Reading published values: ``lockgate.load``, inside a run and outside."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from lockgate.core.errors import UsageError
from lockgate.core.formats import Trust, barrier, file_of, is_pickle
from lockgate.core.gate import Pin, Slice
from lockgate.core.keys import label, split_key
from lockgate.ledger import Ledger
from lockgate.settings import reader_ledger_url, store_url
from lockgate.store import Store, UntrustedValue, open_store

_pins: ContextVar[Mapping[Slice, Pin] | None] = ContextVar("lockgate_pins", default=None)
_in_run = False


@contextmanager
def only_pinned(pins: Mapping[Slice, Pin]) -> Iterator[None]:
    """Within the block, and in threads that inherit its context, ``load`` sees exactly these versions.

    From the first such block on, this process belongs to a run: a thread without the context may load nothing.
    """
    global _in_run
    _in_run = True
    token = _pins.set(pins)
    try:
        yield
    finally:
        _pins.reset(token)


def load(key: str, partition: str = "", *, version: int | None = None, trust: Trust = None) -> Any:
    """Read a published version of an asset.

    Inside a run only the declared inputs can be read, at the versions the gate pinned. Outside, whatever the
    ledger lets this login read: a team its own assets and those shared with it.

    Args:
        key: The asset: ``weather/observations``.
        partition: Its partition, ``""`` for an unpartitioned asset.
        version: A published version's number; the current one if None.
        trust: ``"pickle"`` to read it even if another team pickled it, which runs code of that team in this process.
            Inside a run its input says so: ``Input(key, trust="pickle")``.

    Returns:
        The value as it was checked: a pandas DataFrame, or whatever object was published; None for an effect.

    Raises:
        UsageError: If there is no such version, or inside a run if it is not a pinned input.
        UntrustedValue: If it is a pickle of another team that is not trusted, or that holds what only that team has.
        LedgerError: If the ledger cannot be reached or refuses.
        StoreError: If the value is damaged or missing.
    """
    split_key(key)
    if _in_run:
        version = _pinned_number(key, partition, version)
    with Ledger(reader_ledger_url()) as ledger:
        return read(ledger, open_store(store_url()), key, partition, version, trust=trust)


def read(ledger: Ledger, store: Store, key: str, partition: str, number: int | None, *, trust: Trust = None) -> Any:
    """Read a version through an open ledger and store; see ``load``."""
    found = ledger.version(key, partition, number)
    if found is None:
        which = "published version" if number is None else f"version {number}"
        raise UsageError(
            f"{label(key, partition)} has no {which} that this login may read.",
            cure="See `lockgate status`; another team's asset must be shared with yours.",
            asset=key,
        )
    if found.collected_at is not None:
        raise UsageError(
            f"The value of {label(key, partition)} version {found.number} was removed by retention on"
            f" {found.collected_at:%Y-%m-%d}.",
            cure="Read a later version; keep=N on the asset says how many stay.",
            asset=key,
        )
    if found.location is None:
        return None
    if not is_pickle(file_of(found.location)):
        return store.read(found.location, digest=found.digest)
    if ledger.team() == split_key(key)[0]:
        return store.read(found.location, digest=found.digest, pickles="any")
    _check_trust(key, partition, found.location, trust)
    return store.read(found.location, digest=found.digest, pickles="installed")


def _check_trust(key: str, partition: str, location: str, trust: Trust) -> None:
    if _in_run:
        pin = (_pins.get() or {}).get((key, partition))
        trusted, word = pin is not None and pin.trusted, f'Input("{key}", trust="pickle")'
    else:
        trusted, word = trust == "pickle", f'lockgate.load("{key}", trust="pickle")'
    barred = barrier(file_of(location), split_key(key)[0], trusted=trusted, word=word)
    if barred:
        raise UntrustedValue(f"{label(key, partition)} {barred.why}.", cure=barred.cure, asset=key)


def _pinned_number(key: str, partition: str, version: int | None) -> int:
    pin = (_pins.get() or {}).get((key, partition))
    if pin is None or version not in (None, pin.number):
        raise UsageError(
            f"{label(key, partition)} is not among the versions this run is pinned to.",
            cure="Declare it in the asset's inputs; a run reads its inputs at the versions the gate chose.",
            asset=key,
        )
    return pin.number

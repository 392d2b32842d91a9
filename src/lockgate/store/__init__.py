"""The store: where values lie, immutable, at ``<team>/<asset>/<partition>/<attempt>/``.

Knows neither Prefect nor SQL; imports the core alone. Who may read which value is the ledger's to say.
"""

from lockgate.store.encoding import Encoded, encode
from lockgate.store.errors import (
    AlreadyStored,
    StoreUnavailable,
    UnsupportedValue,
    UntrustedValue,
    ValueDamaged,
    ValueMissing,
)
from lockgate.store.objects import open_store
from lockgate.store.protocol import Store, StoredValue

__all__ = [
    "AlreadyStored",
    "Encoded",
    "Store",
    "StoreUnavailable",
    "StoredValue",
    "UnsupportedValue",
    "UntrustedValue",
    "ValueDamaged",
    "ValueMissing",
    "encode",
    "open_store",
]

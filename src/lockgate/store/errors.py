"""What can go wrong with a value.

StoreError
├── UnsupportedValue  it would not come back as it went in
├── UntrustedValue    reading it would run code that the reader does not trust
├── AlreadyStored     something lies at this place already
├── ValueMissing      nothing lies there
├── ValueDamaged      what lies there is not what was written
└── StoreUnavailable  the place itself cannot be used: full, forbidden, not there
"""

from lockgate.core.errors import StoreError


class UnsupportedValue(StoreError):
    """A value that would not be read back as it was checked."""


class UntrustedValue(StoreError):
    """A pickle that the reader does not trust, or that names what is not installed where it is read."""


class AlreadyStored(StoreError):
    """Values are immutable: nothing is written over."""


class ValueMissing(StoreError):
    """No value lies at the location."""


class ValueDamaged(StoreError):
    """The bytes at the location are not those that were written."""


class StoreUnavailable(StoreError):
    """The store cannot be reached or written: full, forbidden, or gone."""

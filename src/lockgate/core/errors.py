"""Every error lockgate raises on purpose, in one tree.

    LockgateError
    ├── DefinitionError        a team's code is wrong: found before anything changes
    │   ├── InvalidName        a team, asset, check or partition has a name that is not allowed
    │   ├── DuplicateName      two assets, or two checks of one asset, have the same name
    │   ├── UnknownInput       an input names an asset that does not exist
    │   ├── NotShared          an input names an asset that its owner does not share with this team
    │   ├── GraphCycle         assets depend on themselves
    │   ├── ForeignCheck       a check is declared on another team's asset
    │   ├── InvalidSchedule    a cron line or interval that cannot be read
    │   ├── PartitionMismatch  two assets' partitions do not fit together
    │   └── InvalidContract    a contract that is none, or would let a value pass unjudged
    ├── UncopyableValue        a value cannot be given to its checks, since it cannot be copied
    ├── UsageError             an argument, key or setting is wrong, or something is not there
    ├── LedgerError            the ledger refused, or cannot be reached
    ├── StoreError             a value cannot be written or read
    └── PlatformError          a part of the platform cannot be started or reached

Each carries what went wrong in one sentence and, as ``cure``, the command or edit that mends it.
Packages below add their own leaves (``lockgate.ledger``, ``lockgate.store``); the command line prints
``str(error)`` and never a traceback.
"""


class LockgateError(Exception):
    """The root of the tree.

    Args:
        message: One sentence: what is wrong, and where.
        cure: What to do about it, as one sentence or command.
        asset: Key of the asset it is about, where there is one.
        team: Name of the team it is about, where there is one.
    """

    def __init__(self, message: str, *, cure: str = "", asset: str | None = None, team: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.asset = asset
        self.team = team if team or not asset else asset.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".strip()


class DefinitionError(LockgateError):
    """A team's code declares something that cannot be."""


class InvalidName(DefinitionError):
    """A name with characters that are not allowed, or too long."""


class DuplicateName(DefinitionError):
    """A name that is taken within its team or asset."""


class UnknownInput(DefinitionError):
    """An input that names an asset nobody has registered, or a parameter that names no input."""


class NotShared(DefinitionError):
    """An input that its owner does not share with the reading team."""


class GraphCycle(DefinitionError):
    """Assets that depend on themselves, directly or through others."""


class ForeignCheck(DefinitionError):
    """A check on an asset that the declaring team does not own."""


class InvalidSchedule(DefinitionError):
    """A schedule that cannot be read."""


class PartitionMismatch(DefinitionError):
    """Partitions that do not fit: of an asset and its input, or of a run and its asset."""


class InvalidContract(DefinitionError):
    """A contract that is no pandera schema, or one that would let a value pass unjudged."""


class UncopyableValue(LockgateError):
    """A value of which no private copy can be made: it holds a lock, a generator, an open file."""


class UsageError(LockgateError):
    """A wrong argument, key or setting."""


class LedgerError(LockgateError):
    """The ledger refused a call, or could not be reached."""


class StoreError(LockgateError):
    """A value could not be written to or read from the store."""


class PlatformError(LockgateError):
    """A part of the platform (database, broker, server, worker) could not be started or reached."""

"""What the ledger refuses, one class per SQLSTATE of its functions.

LedgerError
├── LedgerUnavailable     the database cannot be reached
├── Forbidden      LG001  not this login's to do
├── RegistrationRefused LG002  a manifest that does not fit the registry
├── NotRegistered  LG003  no such asset, partition or version
├── CodeDiffers    LG004  the code that runs is not the code that is deployed
├── InputsMoved    LG005  the pins are not current any more: decide again
├── LeaseLost      LG006  the claim is not held, or another run took over
├── VerdictRefused LG007  a missing, failed, unknown or contradicting verdict
├── StaleHead      LG008  a rollback came in between
├── NothingStaged  LG009  nothing to publish, or something else staged already
├── InputsRefused  LG010  an input is unpublished, withdrawn, unshared, or none of the asset's
├── AttemptSettled LG011  the attempt has its outcome
├── InvalidRequest LG012  an outcome that cannot be recorded, a rollback without a reason
└── RegistryHeld   LG013  another deploy holds the registry
"""

import psycopg

from lockgate.core.errors import LedgerError


class LedgerUnavailable(LedgerError):
    """The database cannot be reached."""


class Forbidden(LedgerError):
    """Not this login's to do."""


class RegistrationRefused(LedgerError):
    """A manifest that does not fit the registry."""


class NotRegistered(LedgerError):
    """No such asset, partition or version."""


class CodeDiffers(LedgerError):
    """The code that runs is not the code that is deployed."""


class InputsMoved(LedgerError):
    """The pins are not current any more; a new look at the gate gives new ones."""


class LeaseLost(LedgerError):
    """The claim is not held: its lease ran out, another run took it over, or it is not this run's turn."""


class VerdictRefused(LedgerError):
    """A verdict is missing, failed, unknown, or contradicts an earlier one."""


class StaleHead(LedgerError):
    """The head was rolled back since the attempt began."""


class NothingStaged(LedgerError):
    """There is no staged value to publish, or another one than is said."""


class InputsRefused(LedgerError):
    """An input is unpublished, withdrawn or no longer shared, or the pins are not the asset's inputs."""


class AttemptSettled(LedgerError):
    """The attempt has its outcome already."""


class InvalidRequest(LedgerError):
    """An outcome that cannot be recorded, or a rollback without a reason."""


class RegistryHeld(LedgerError):
    """Another deploy held the registry for as long as one waits."""


_BY_STATE: dict[str, type[LedgerError]] = {
    "LG001": Forbidden,
    "LG002": RegistrationRefused,
    "LG003": NotRegistered,
    "LG004": CodeDiffers,
    "LG005": InputsMoved,
    "LG006": LeaseLost,
    "LG007": VerdictRefused,
    "LG008": StaleHead,
    "LG009": NothingStaged,
    "LG010": InputsRefused,
    "LG011": AttemptSettled,
    "LG012": InvalidRequest,
    "LG013": RegistryHeld,
}
_REGISTRY_TABLES = {"assets", "asset_inputs", "asset_checks"}


def translate(error: psycopg.Error, where: str, *, reached: bool = True) -> LedgerError:
    """The lockgate error for what the database said.

    Args:
        error: From psycopg.
        where: The ledger's address, without password.
        reached: Whether the connection still stands, so that the database itself refused.
    """
    told = error.diag
    if kind := _BY_STATE.get(error.sqlstate or ""):
        return kind(told.message_primary or "refused", cure=told.message_hint or "", asset=told.message_detail or None)
    if not reached:
        reason = " ".join(str(error).split()).rstrip(".")
        if "too many connections" in reason or "slots are reserved" in reason:
            return LedgerUnavailable(
                f"The ledger at {where} gives this login no more connections.", cure="Close some of its others."
            )
        return LedgerUnavailable(f"The ledger at {where} cannot be reached: {reason}.", cure="Start it: lockgate up")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Forbidden(f"The ledger refused: {told.message_primary}.", cure="Use the login that may do this.")
    if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable):
        return LedgerError(f"The ledger at {where} gave up: {told.message_primary}.", cure="Try again in a minute.")
    if isinstance(error, psycopg.IntegrityError) and told.table_name in _REGISTRY_TABLES:
        return RegistrationRefused(f"The manifest breaks {told.constraint_name or told.column_name}.", cure="Mend it.")
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedFunction):
        return LedgerError(f"The ledger at {where} is of another release: {told.message_primary}.", cure="lockgate up")
    broken = told.constraint_name or told.message_primary or type(error).__name__
    return LedgerError(f"The ledger at {where} refused: {broken}.")

"""What the ledger refuses, one class per SQLSTATE of its functions.

LedgerError
├── LedgerUnavailable     the database cannot be reached
├── Forbidden      LG001  not this login's to do
├── RegistrationRefused LG002  a manifest that does not fit the registry
├── NotRegistered  LG003  no such asset, partition or version
├── CodeDiffers    LG004  the code that runs is not the code that is deployed
├── InputsMoved    LG005  the pins are not the inputs any more: decide again
├── LeaseLost      LG006  another run took over
├── VerdictRefused LG007  a missing, failed, unknown or contradicting verdict
├── StaleHead      LG008  a rollback came in between
├── NothingStaged  LG009  nothing to publish, or collected already
├── InputsRefused  LG010  an input is unpublished, withdrawn or no longer shared
└── AttemptSettled LG011  the attempt has its outcome
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
    """The pins are not one current version of each input any more."""


class LeaseLost(LedgerError):
    """The claim is not held any more: its lease ran out, or another run took it over."""


class VerdictRefused(LedgerError):
    """A verdict is missing, failed, unknown, or contradicts an earlier one."""


class StaleHead(LedgerError):
    """The head was rolled back since the attempt began."""


class NothingStaged(LedgerError):
    """There is no staged value to publish."""


class InputsRefused(LedgerError):
    """An input is unpublished, withdrawn or no longer shared."""


class AttemptSettled(LedgerError):
    """The attempt has its outcome already."""


_BY_STATE: dict[str, tuple[type[LedgerError], str]] = {
    "LG001": (Forbidden, "Use the login of the owning team."),
    "LG002": (RegistrationRefused, "Mend the team's code, or let the input's owner deploy or share it."),
    "LG003": (NotRegistered, "See `lockgate status` for what is deployed."),
    "LG004": (CodeDiffers, "Run: lockgate deploy {team}"),
    "LG005": (InputsMoved, "Run it again."),
    "LG006": (LeaseLost, "Nothing to do: the run that took over settles it."),
    "LG007": (VerdictRefused, "Every error check must pass before a value is published."),
    "LG008": (StaleHead, "Run it again on the rolled-back inputs."),
    "LG009": (NothingStaged, "Run it again."),
    "LG010": (InputsRefused, "Run it again once its owner has published or shared it."),
    "LG011": (AttemptSettled, "Start a new run."),
    "42501": (Forbidden, "The ledger is written through its functions alone."),
}


def translate(error: psycopg.Error, where: str, asset: str | None = None) -> LedgerError:
    """The lockgate error for what the database said.

    Args:
        error: From psycopg.
        where: The ledger's address, without password.
        asset: The asset it is about.
    """
    state = error.sqlstate or ""
    if state in _BY_STATE:
        kind, cure = _BY_STATE[state]
        message = (error.diag.message_primary or "refused").rstrip(".")
        return kind(f"{message[:1].upper()}{message[1:]}.", cure=cure.format(team=_team(asset)), asset=asset)
    if isinstance(error, psycopg.OperationalError):
        reason = " ".join(str(error).split())
        return LedgerUnavailable(f"The ledger at {where} cannot be reached: {reason}.", cure="Start it: lockgate up")
    return LedgerError(f"The ledger at {where} failed: {error.diag.message_primary or error}.", asset=asset)


def _team(asset: str | None) -> str:
    return (asset or "").partition("/")[0]

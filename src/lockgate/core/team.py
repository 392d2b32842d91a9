"""A team: declares its assets and checks. Every mistake is found here or at deploy, before anything changes."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from lockgate.core.asset import Asset, Input
from lockgate.core.calling import check_callable, definition, file_of, name_of
from lockgate.core.check import CONTRACT, Check, Severity
from lockgate.core.errors import (
    DefinitionError,
    DuplicateName,
    ForeignCheck,
    InvalidSchedule,
    LockgateError,
    UnknownInput,
)
from lockgate.core.formats import Trust
from lockgate.core.job import ALL, Job
from lockgate.core.keys import check_name, make_key, split_key
from lockgate.core.partitions import Daily, Partitions, Static, Unpartitioned
from lockgate.core.schedule import Cron, Every, Schedule
from lockgate.core.spec import EVERYONE, CatchUp, InputSpec, OnRejected, Wants

if TYPE_CHECKING:  # a team without contracts does not pay for pandas and pandera
    from lockgate.core.contract import Contract, ContractCheck

F = TypeVar("F", bound=Callable[..., Any])
PARTITION = "partition"
TAG_MARK = "lockgate:"
LONGEST_SECONDS = 7 * 86400


class Team:
    """A team and what it owns.

    Args:
        name: Lower case, also the name of its folder, its work pool and its flow.
        owners: People or addresses to name when something of it stands in the way.
        description: One sentence.
    """

    def __init__(self, name: str, *, owners: Iterable[str] = (), description: str = "") -> None:
        self.name = check_name(name, "team")
        self.owners = _texts(owners, "owners", name)
        self.description = description
        self.assets: dict[str, Asset] = {}
        self.jobs: dict[str, Job] = {ALL: Job(ALL, description=f"All assets of team {self.name}, or those named.")}

    def asset(
        self,
        *,
        inputs: Mapping[str, "str | Asset | Input"] | None = None,
        contract: "Contract | None" = None,
        partitions: Partitions | None = None,
        shared_with: Iterable[str] = (),
        wants: Wants = "any",
        schedule: "Schedule | str | None" = None,
        retries: int = 0,
        timeout: float | None = None,
        keep: int | None = None,
        catch_up: CatchUp = "latest",
        code: Iterable[str] | None = None,
        effect: bool = False,
        description: str = "",
        owners: Iterable[str] | None = None,
        tags: Iterable[str] = (),
    ) -> Callable[[Callable[..., Any]], Asset]:
        """Declare the decorated function as an asset named after it.

        Args:
            inputs: Per parameter of the function, the asset it receives: a key, an asset of this team, or an
                ``Input``. An unpartitioned asset receives a partitioned input as a dict from partition to value.
                A parameter named ``partition`` receives the partition.
            contract: A pandera schema that the value must obey.
            partitions: ``Daily(...)`` or ``Static(...)``; unpartitioned if left out.
            shared_with: Teams that may read it; ``["*"]`` for every team.
            wants: Run when ``any`` or only when ``all`` inputs are fresh.
            schedule: A cron line read in UTC, ``Cron(line, timezone)`` or ``Every(timedelta)``.
            retries: How often to repeat the computation after it raised.
            timeout: Seconds the computation may take.
            keep: How many published versions of each partition to keep, the current one included; all if left out.
                What a kept version was made from is kept too.
            catch_up: After a downtime, run the ``latest`` run that its schedule missed, ``all`` of them, or ``none``.
            code: The files below the team's folder that make its value, as patterns (``rules/*.yaml``), beside the
                one it is declared in; all of the team's if left out. Other code makes another version.
            effect: It returns nothing and writes elsewhere (delivered at least once).
            description: One sentence; the function's docstring if left out.
            owners: The team's owners if left out.
            tags: Free words.

        Raises:
            DefinitionError: If anything of it cannot be; the message names file, asset and cure.
        """

        def declare(fn: Callable[..., Any]) -> Asset:
            name, file = name_of(fn), file_of(fn)
            try:
                check_callable(fn)
                asset = Asset(
                    team=self.name,
                    name=check_name(name, "asset"),
                    fn=fn,
                    file=file,
                    contract=_contract(contract),
                    inputs=_inputs(self.name, inputs or {}, partitions),
                    partitions=_one_of(partitions or Unpartitioned(), (Unpartitioned, Daily, Static), "partitions"),
                    wants=_choice(wants, ("any", "all"), "wants"),
                    shared_with=_readers(shared_with),
                    schedule=_schedule(schedule),
                    retries=_count(retries, "retries"),
                    timeout=_seconds(timeout),
                    keep=None if keep is None else _positive(keep, "keep"),
                    catch_up=_choice(catch_up, ("latest", "all", "none"), "catch_up"),
                    code=None if code is None else _texts(code, "code", name),
                    effect=effect,
                    description=description or inspect.getdoc(definition(fn) or fn) or "",
                    owners=self.owners if owners is None else _texts(owners, "owners", name),
                    tags=_tags(tags, name),
                )
                _check_signature(asset)
                if name in self.assets:
                    raise DuplicateName(f"asset {name} is declared twice.", cure="Rename one of the two functions.")
                if effect and contract is not None:
                    raise DefinitionError("an effect returns nothing, so it can have no contract.")
            except LockgateError as error:
                raise _located(error, file, make_key(self.name, name)) from None
            self.assets[name] = asset
            return asset

        return declare

    def check(
        self,
        asset: "Asset | str",
        *,
        severity: Severity = "error",
        name: str | None = None,
        timeout: float | None = None,
    ) -> Callable[[F], F]:
        """Declare the decorated function as a check of one of this team's assets.

        The function receives a private copy of the value first, then by name any of the asset's inputs and
        ``partition``; it returns True, False or a ``CheckResult``. It may be ``async``. Raising counts as failing, and
        so does returning anything else, or taking longer than it may.

        Args:
            asset: The asset, or its name or key.
            severity: ``error`` blocks the publish, ``warn`` is only recorded.
            name: The function's name if left out.
            timeout: Seconds it may take; as long as the asset's function if left out.

        Raises:
            ForeignCheck: If the asset is not this team's.
            DefinitionError: If the name is taken or the function asks for what it cannot have.
        """

        def declare(fn: F) -> F:
            chosen, file = name or name_of(fn), file_of(fn)
            try:
                target = self._own(asset)
                check_callable(fn)
                severe = _choice(severity, ("error", "warn"), "severity")
                check = Check(check_name(chosen, "check"), severe, fn, _seconds(timeout))
                _check_check(target, check)
            except LockgateError as error:
                key = asset.key if isinstance(asset, Asset) else str(asset)
                raise _located(error, file, key, f"check {chosen}: ") from None
            target.checks.append(check)
            return fn

        return declare

    def job(
        self,
        name: str,
        *,
        assets: "Iterable[Asset | str] | Literal['*']" = "*",
        schedule: "Schedule | str | None" = None,
        description: str = "",
    ) -> Job:
        """Declare a selection of this team's assets that run together, in one flow run, in the order of their inputs.

        Each is gated, checked and published as if it ran alone. Events go on starting what is not in the selection.

        Args:
            name: The job's name; ``all`` is taken by the job that every team has.
            assets: The assets, or their names; ``"*"`` for all of the team's.
            schedule: A cron line read in UTC, ``Cron(line, timezone)`` or ``Every(timedelta)``. A daily asset then
                runs its last complete day, a static one all of its partitions.
            description: One sentence.

        Raises:
            DefinitionError: If the name is taken, or an asset is unknown or another team's.
        """
        check_name(name, "job")
        if name in self.jobs:
            raise DuplicateName(f"team {self.name} has a job {name} already.", cure="Choose another name.")
        members = () if assets == "*" else tuple(self._member(asset, name) for asset in assets)
        if not members and assets != "*":
            raise DefinitionError(f"job {name} has no assets.", cure='Name some, or say assets="*".')
        job = Job(name, members, _schedule(schedule), description or f"Runs {', '.join(members) or 'all assets'}.")
        self.jobs[name] = job
        return job

    def _member(self, asset: "Asset | str", job: str) -> str:
        team, name = self._named(asset)
        if team != self.name or name not in self.assets:
            raise UnknownInput(
                f"job {job}: {make_key(team, name)} is no asset of team {self.name}.",
                cure="A job runs assets of its own team, declared above it.",
            )
        return name

    def _own(self, asset: "Asset | str") -> Asset:
        team, name = self._named(asset)
        if team != self.name:
            raise ForeignCheck(
                f"the asset belongs to team {team}, not to {self.name}.",
                cure=f"Declare the check in teams/{team}, or check the data after reading it.",
            )
        if name not in self.assets:
            raise UnknownInput(f"there is no asset {name}.", cure="Declare the asset above its checks.")
        return self.assets[name]

    def _named(self, asset: "Asset | str") -> tuple[str, str]:
        if isinstance(asset, Asset):
            return asset.team, asset.name
        return split_key(asset if "/" in str(asset) else make_key(self.name, str(asset)))


def _located(error: LockgateError, file: Path, key: str, what: str = "") -> LockgateError:
    return type(error)(f"{file}: {key}: {what}{error.message}", cure=error.cure, asset=key)


def _inputs(
    team: str, inputs: Mapping[str, "str | Asset | Input"], partitions: Partitions | None
) -> tuple[InputSpec, ...]:
    if not isinstance(inputs, Mapping):
        raise DefinitionError("inputs must map parameter names to assets.", cure='inputs={"days": "weather/days"}.')
    return tuple(_input(team, param, given) for param, given in inputs.items())


def _input(team: str, param: str, given: "str | Asset | Input") -> InputSpec:
    full = given if isinstance(given, Input) else Input(given)
    if isinstance(full.key, Asset) and full.key.team != team:
        raise UnknownInput(
            f"input {param} is an asset object of team {full.key.team}.",
            cure=f'Name another team\'s asset by its key: "{full.key.key}".',
        )
    key = full.key.key if isinstance(full.key, Asset) else full.key
    split_key(key)
    on_rejected: OnRejected = _choice(full.on_rejected, ("block", "last_good"), "on_rejected")
    return InputSpec(key, param, on_rejected, full.triggers, _trust(full.trust, key, team))


def _trust(trust: Trust, key: str, team: str) -> Trust:
    if trust is not None and split_key(key)[0] == team:
        raise DefinitionError(f"{key} is this team's own, which needs no trust.", cure="Leave trust out.")
    if trust not in (None, "pickle"):
        raise DefinitionError(
            f"trust must be 'pickle', not {trust!r}.", cure="Leave it out to read safe formats alone."
        )
    return trust


def _check_signature(asset: Asset) -> None:
    parameters = set(inspect.signature(asset.fn).parameters)
    bound = {given.param for given in asset.inputs}
    if PARTITION in bound:
        raise DefinitionError(
            "an input is bound to the parameter partition, which receives the partition.", cure="Rename the parameter."
        )
    if unknown := sorted(bound - parameters):
        raise UnknownInput(f"inputs {', '.join(unknown)} are no parameters of the function.")
    needed = {
        name
        for name, parameter in inspect.signature(asset.fn).parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    if unbound := sorted(needed - bound - {PARTITION}):
        raise UnknownInput(
            f"parameter {', '.join(unbound)} is bound to no input.", cure="Name its asset in inputs={...}."
        )
    keys = [given.key for given in asset.inputs]
    if len(set(keys)) != len(keys):
        raise DuplicateName("an asset is named twice in inputs.", cure="Read it once and use the parameter twice.")


def _check_check(asset: Asset, check: Check) -> None:
    if check.name == CONTRACT or check.name in {other.name for other in asset.checks}:
        raise DuplicateName("the name is taken.", cure="Rename the function, or pass name=...")
    if not _takes_a_value(check.fn):
        what = "None, as an effect returns nothing" if asset.effect else "the value"
        raise DefinitionError("the function takes no value.", cure=f"Give it one parameter for {what}.")
    known = {given.param for given in asset.inputs} | {PARTITION}
    if unknown := sorted(set(check.parameters) - known):
        raise UnknownInput(
            f"parameter {', '.join(unknown)} is no input of the asset.",
            cure="A check can ask for the asset's inputs and for partition.",
        )


def _takes_a_value(fn: Callable[..., Any]) -> bool:
    """Whether a function can be called with one value that is not named."""
    first = next(iter(inspect.signature(fn).parameters.values()), None)
    return first is not None and first.kind not in (first.KEYWORD_ONLY, first.VAR_KEYWORD)


def _contract(contract: "Contract | None") -> "ContractCheck | None":
    if contract is None:
        return None
    from lockgate.core.contract import ContractCheck

    return ContractCheck(contract)


def _readers(shared_with: Iterable[str]) -> tuple[str, ...]:
    readers = _texts(shared_with, "shared_with", "")
    for reader in readers:
        if reader != EVERYONE:
            check_name(reader, "team")
    return readers


def _texts(texts: Iterable[str], what: str, name: str) -> tuple[str, ...]:
    given = None if isinstance(texts, str) else tuple(texts)
    if given is None or not all(isinstance(text, str) for text in given):
        raise DefinitionError(
            f"{what} of {name} must be a list of texts." if name else f"{what} must be a list of texts."
        )
    return given


def _tags(tags: Iterable[str], name: str) -> tuple[str, ...]:
    """Free words; what begins with our mark, lockgate says of runs that it starts itself."""
    given = _texts(tags, "tags", name)
    if ours := [tag for tag in given if tag.startswith(TAG_MARK)]:
        raise DefinitionError(f"tag {ours[0]!r} begins with {TAG_MARK}, as lockgate's own do.", cure="Rename it.")
    return given


def _schedule(schedule: "Schedule | str | None") -> Schedule | None:
    if isinstance(schedule, str):
        return Cron(schedule)
    if schedule is not None and not isinstance(schedule, Cron | Every):
        raise InvalidSchedule(
            f"{schedule!r} is not a schedule.", cure='Write "0 6 * * *", Cron(line, timezone) or Every(timedelta(...)).'
        )
    return schedule


def _count(number: int, what: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise DefinitionError(f"{what} must be a whole number of at least 0, not {number!r}.")
    return number


def _positive(number: int, what: str) -> int:
    if _count(number, what) == 0:
        raise DefinitionError(f"{what} must be at least 1.", cure=f"Leave {what} out to keep everything.")
    return number


def _seconds(timeout: float | None) -> float | None:
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= LONGEST_SECONDS:
        raise DefinitionError(f"timeout must be a number of seconds above 0 and at most a week, not {timeout!r}.")
    return timeout


def _choice(value: Any, allowed: tuple[str, ...], what: str) -> Any:
    if not isinstance(value, str) or value not in allowed:
        raise DefinitionError(f"{what} must be {' or '.join(allowed)}, not {value!r}.")
    return value


def _one_of(value: Any, kinds: tuple[type, ...], what: str) -> Any:
    if not isinstance(value, kinds):
        raise DefinitionError(f"{what} must be Daily(...) or Static(...), not {value!r}.")
    return value

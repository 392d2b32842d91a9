"""What the platform knows of an asset without its code: the registered description."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from lockgate.core.check import Severity
from lockgate.core.errors import DefinitionError, LockgateError
from lockgate.core.formats import Trust
from lockgate.core.partitions import Partitions, Unpartitioned, is_fan_in, partitions_from_json
from lockgate.core.schedule import Schedule, schedule_from_json, schedule_to_json
from lockgate.core.typed import mistyped

Wants: TypeAlias = Literal["any", "all"]
OnRejected: TypeAlias = Literal["block", "last_good"]
CatchUp: TypeAlias = Literal["latest", "all", "none"]
EVERYONE = "*"


@dataclass(frozen=True)
class InputSpec:
    """One input of an asset.

    Attributes:
        key: Key of the asset that is read.
        param: The function's parameter that receives it.
        on_rejected: ``block`` while the input does not stand good, or read its ``last_good`` version.
        triggers: Whether a new version of it starts this asset; None for the default, see ``AssetSpec.starts_on``.
        trust: ``pickle`` if it is read from another team even where it is a pickle, which runs code of that team.
    """

    key: str
    param: str
    on_rejected: OnRejected = "block"
    triggers: bool | None = None
    trust: Trust = None


@dataclass(frozen=True)
class CheckSpec:
    """Name and severity of one check."""

    name: str
    severity: Severity = "error"


@dataclass(frozen=True)
class ColumnSpec:
    """One column (or index level) of a contract.

    Attributes:
        name: Its name.
        dtype: Its type in pandera's words; ``any`` if the contract leaves it open.
        nullable: Whether values may be missing.
        unique: Whether no value may occur twice.
        rules: Its other rules, one text each: ``greater_than_or_equal_to(min_value=0)``.
    """

    name: str
    dtype: str
    nullable: bool
    unique: bool
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContractSpec:
    """A contract for reading: what it asks for, never a value of the data.

    Attributes:
        name: The schema's name.
        columns: In the schema's order, index levels last.
        rules: Rules over whole rows or the whole frame.
    """

    name: str
    columns: tuple[ColumnSpec, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class AssetSpec:
    """An asset as registered in the ledger; see the manifest in ``to_json``.

    Of one that this release cannot read nothing is known but its key, and ``unreadable`` says why in one sentence.
    """

    key: str
    code_version: str = ""
    partitions: Partitions = Unpartitioned()
    inputs: tuple[InputSpec, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    shared_with: tuple[str, ...] = ()
    wants: Wants = "any"
    effect: bool = False
    schedule: Schedule | None = None
    retries: int = 0
    timeout: float | None = None
    keep: int | None = None
    catch_up: CatchUp = "latest"
    description: str = ""
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    contract: ContractSpec | None = None
    unreadable: str = ""

    @property
    def team(self) -> str:
        """The owning team."""
        return self.key.partition("/")[0]

    @property
    def name(self) -> str:
        """The asset's name within its team."""
        return self.key.partition("/")[2]

    def readable_by(self, team: str) -> bool:
        """Whether ``team`` may read this asset: its owner, or one it is shared with."""
        return not self.unreadable and (team == self.team or team in self.shared_with or EVERYONE in self.shared_with)

    def has_partition(self, partition: str) -> bool:
        """Whether this asset has a slice of that name."""
        try:
            self.partitions.validate(partition)
        except DefinitionError:
            return False
        return True

    def fans_in(self, source: "AssetSpec") -> bool:
        """Whether this asset reads all published partitions of ``source`` at once."""
        return is_fan_in(self.partitions, source.partitions)

    def starts_on(self, given: InputSpec, source: "AssetSpec | None") -> bool:
        """Whether a new version of an input starts this asset.

        By default yes, except for an unpartitioned input of a partitioned asset, which would start every partition.
        """
        if given.triggers is not None:
            return given.triggers
        return source is None or not self.reads_whole(source)

    def reads_whole(self, source: "AssetSpec") -> bool:
        """Whether this asset is partitioned and ``source`` is not."""
        return isinstance(source.partitions, Unpartitioned) and not isinstance(self.partitions, Unpartitioned)

    def to_json(self) -> dict[str, Any]:
        """One asset of a manifest, as JSON-compatible data."""
        return {
            "key": self.key,
            "name": self.name,
            "description": self.description,
            "owners": list(self.owners),
            "tags": list(self.tags),
            "effect": self.effect,
            "partitions": self.partitions.to_json(),
            "schedule": schedule_to_json(self.schedule),
            "wants": self.wants,
            "shared_with": list(self.shared_with),
            "code_version": self.code_version,
            "inputs": [vars(given) for given in self.inputs],
            "checks": [vars(check) for check in self.checks],
            "retries": self.retries,
            "timeout": self.timeout,
            "contract": None if self.contract is None else asdict(self.contract),
            "keep": self.keep,
            "catch_up": self.catch_up,
        }


def spec_from_json(data: Mapping[str, Any]) -> AssetSpec:
    """The typed form of one asset of a manifest.

    Raises:
        DefinitionError: If it is not of the form that this release knows.
    """
    try:
        spec = _spec_from_json(data)
        wrong = mistyped(spec, AssetSpec)
    except LockgateError as error:
        raise _unreadable(data, error.message) from None
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise _unreadable(data, f"{type(error).__name__}: {error}") from None
    if wrong:
        raise _unreadable(data, f"{wrong} is of another type")
    return spec


def known_spec(data: Any) -> AssetSpec:
    """The same of what anybody has registered: what cannot be read concerns its owner and its readers alone."""
    try:
        return spec_from_json(data)
    except DefinitionError as error:
        return AssetSpec(key=_key(data), unreadable=error.message)


def _key(data: Any) -> str:
    return str(data.get("key")) if isinstance(data, Mapping) else "?"


def _unreadable(data: Any, why: str) -> DefinitionError:
    told = " ".join(why.split()).rstrip(".")[:200]
    return DefinitionError(
        f"{_key(data)} is registered in a form that this release of lockgate cannot read: {told}.",
        cure="Deploy it again with this release, or update to the one that registered it.",
        asset=_key(data),
    )


def _spec_from_json(data: Mapping[str, Any]) -> AssetSpec:
    return AssetSpec(
        key=data["key"],
        code_version=data["code_version"],
        partitions=partitions_from_json(data["partitions"]),
        inputs=tuple(InputSpec(**given) for given in data["inputs"]),
        checks=tuple(CheckSpec(**check) for check in data["checks"]),
        shared_with=_list(data["shared_with"]),
        wants=data["wants"],
        effect=data["effect"],
        schedule=schedule_from_json(data["schedule"]),
        retries=data["retries"],
        timeout=data["timeout"],
        # Registered by an earlier release, they are not there.
        keep=data.get("keep"),
        catch_up=data.get("catch_up", "latest"),
        description=data["description"],
        owners=_list(data["owners"]),
        tags=_list(data["tags"]),
        contract=_contract_from_json(data.get("contract")),
    )


def _list(data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise TypeError(f"{type(data).__name__} where a list belongs")
    return tuple(data)


def _contract_from_json(data: Mapping[str, Any] | None) -> ContractSpec | None:
    """None also for what was registered by a release that did not describe contracts."""
    if not data:
        return None
    columns = tuple(ColumnSpec(**{**column, "rules": tuple(column["rules"])}) for column in data["columns"])
    return ContractSpec(data["name"], columns, tuple(data["rules"]))

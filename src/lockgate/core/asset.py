"""Assets as a team declares them: a function, its inputs, its checks, and who may read the result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.core.check import CONTRACT, Check
from lockgate.core.errors import DefinitionError
from lockgate.core.formats import Trust
from lockgate.core.keys import make_key
from lockgate.core.partitions import Partitions, Unpartitioned
from lockgate.core.schedule import Schedule
from lockgate.core.spec import AssetSpec, CatchUp, CheckSpec, ContractSpec, InputSpec, OnRejected, Wants

if TYPE_CHECKING:  # a team without contracts does not pay for pandas and pandera
    from lockgate.core.contract import ContractCheck


@dataclass(frozen=True)
class Input:
    """An input with more to say than its key.

    Attributes:
        key: Key of the asset that is read, or an asset of the same team.
        on_rejected: What to do while it does not stand good: ``block`` (default), or read its ``last_good`` version.
        triggers: Whether a new version starts this asset. Default: yes, except for an unpartitioned input of
            a partitioned asset.
        trust: ``"pickle"`` to read it from another team even where it is a pickle, which runs code of that team in
            this one's process. A team's own values, and those in safe formats, need no word.
    """

    key: "str | Asset"
    on_rejected: OnRejected = "block"
    triggers: bool | None = None
    trust: Trust = None


@dataclass(frozen=True)
class Output:
    """What an asset's function may return instead of the bare value.

    Attributes:
        value: The value to check and publish.
        metadata: Small facts about it, kept with the version as JSON; ``lockgate.core.metadata`` says in what form.
    """

    value: Any
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Asset:
    """A declared asset; made by ``Team.asset``.

    Attributes:
        team: Owning team's name.
        name: Name within the team.
        fn: The team's function; call it directly in unit tests.
        file: Where it is declared, for messages.
        contract: The check that it obeys its pandera schema, if it has one.
        checks: The other checks, in order of declaration.
        inputs: Its inputs, bound to the function's parameters.
        partitions: Which slices it has.
        wants: Run when ``any`` input is fresh, or only when ``all`` are.
        shared_with: Teams that may read it; ``*`` for every team.
        schedule: When it runs by itself.
        retries: How often the computation is repeated after it raised.
        timeout: Seconds the computation may take, None for no limit.
        keep: How many published versions of each partition retention leaves; None for all.
        catch_up: Which missed runs of its schedule are made up for: the ``latest``, ``all`` or ``none``.
        code: The files that make its value, as patterns; None for all of the team's.
        effect: It returns nothing and writes elsewhere.
        description: One sentence.
        owners: People or addresses.
        tags: Free words.
    """

    team: str
    name: str
    fn: Callable[..., Any]
    file: Path
    contract: "ContractCheck | None" = None
    checks: list[Check] = field(default_factory=list)
    inputs: tuple[InputSpec, ...] = ()
    partitions: Partitions = Unpartitioned()
    wants: Wants = "any"
    shared_with: tuple[str, ...] = ()
    schedule: Schedule | None = None
    retries: int = 0
    timeout: float | None = None
    keep: int | None = None
    catch_up: CatchUp = "latest"
    code: tuple[str, ...] | None = None
    effect: bool = False
    description: str = ""
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """``team/name``."""
        return make_key(self.team, self.name)

    def output_of(self, returned: Any) -> Output:
        """What the function returned, as an output: an effect's holds nothing, everybody else's holds a value.

        ``None`` is no value: it is what a function returns that forgot to.

        Args:
            returned: A value, or an ``Output``.

        Raises:
            DefinitionError: If an effect returned something, or another asset nothing.
        """
        output = returned if isinstance(returned, Output) else Output(returned)
        if self.effect and output.value is not None:
            raise DefinitionError(
                f"effect {self.key} returned a {type(output.value).__name__}.",
                cure="An effect returns nothing, or Output(None, metadata=...).",
                asset=self.key,
            )
        if not self.effect and output.value is None:
            raise DefinitionError(
                f"{self.key} returned nothing.", cure="Return a value, or declare effect=True.", asset=self.key
            )
        return output

    def check_specs(self) -> tuple[CheckSpec, ...]:
        """Names and severities of all its checks, the contract first."""
        contract = (CheckSpec(CONTRACT, "error"),) if self.contract else ()
        return contract + tuple(CheckSpec(check.name, check.severity) for check in self.checks)

    def spec(self, code_version: str) -> AssetSpec:
        """What is registered of it."""
        return AssetSpec(
            key=self.key,
            code_version=code_version,
            partitions=self.partitions,
            inputs=self.inputs,
            checks=self.check_specs(),
            shared_with=self.shared_with,
            wants=self.wants,
            effect=self.effect,
            schedule=self.schedule,
            retries=self.retries,
            timeout=self.timeout,
            keep=self.keep,
            catch_up=self.catch_up,
            description=self.description,
            owners=self.owners,
            tags=self.tags,
            contract=self.contract_spec(),
        )

    def contract_spec(self) -> ContractSpec | None:
        """What is registered of its contract."""
        if self.contract is None:
            return None
        from lockgate.core.contract_text import contract_spec

        return contract_spec(self.contract)

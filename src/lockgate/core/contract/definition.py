"""Which schemas are taken for a contract: what would let a value pass unjudged is refused where it is declared."""

import copy
import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Any, TypeAlias

import pandas as pd
import pandera.pandas as pa
from pandera.api.dataframe.model_components import CHECK_KEY, PARSER_KEY, FieldInfo
from pandera.api.function_dispatch import Dispatcher
from pandera.backends.pandas import builtin_checks, builtin_hypotheses  # noqa: F401 - registers pandera's own rules
from pandera.engines.pandas_engine import PydanticModel

from lockgate.core.calling import name_of
from lockgate.core.clean import one_line
from lockgate.core.contract.written import rule_of, written
from lockgate.core.errors import InvalidContract

Contract: TypeAlias = type[pa.DataFrameModel] | pa.DataFrameSchema
MAX_ERROR = 200
ALLOW_EMPTY, AT_LEAST_ONE, LOSSY = "allow_empty", "at_least_one", "lossy"
_PARTS = (pa.DataFrameSchema, pa.Column, pa.Index, pa.MultiIndex, pa.Check, pa.Hypothesis, pa.Parser)
_METHODS: tuple[type, ...] = (FunctionType, classmethod, staticmethod)
# What a class may well set: Config is pandera's own way, and abc leaves a mark. Of special names only these decide.
_SETS = {"Config", "_abc_impl"}
_DECIDES = {
    *("__new__", "__call__", "__init_subclass__", "__class_getitem__", "__getattribute__"),
    *("__schema__", "__fields__", "__checks__", "__parsers__", "__root_checks__", "__root_parsers__"),
}


def schema_of(contract: object) -> pa.DataFrameSchema:
    """The schema of a contract, as a copy that nobody else holds.

    Raises:
        InvalidContract: If it is no pandas schema or model, or one that would let a value pass unjudged.
    """
    if inspect.isclass(contract) and issubclass(contract, pa.DataFrameModel):
        schema = _built(contract)
    elif isinstance(contract, pa.DataFrameSchema):
        schema = copy.deepcopy(contract)
    else:
        raise InvalidContract(
            f"{one_line(repr(contract), MAX_ERROR)} is no contract.",
            cure="Give a pandera DataFrameModel class or a DataFrameSchema (import pandera.pandas as pa).",
        )
    title = f"contract {schema.name}" if schema.name else "the contract"
    for part in schema_parts(schema):
        _check_part(part, title)
        for check in part.checks:
            _load(check)
    _check_index(schema.index, title)
    return schema


def schema_parts(schema: pa.DataFrameSchema) -> Iterator[Any]:
    """The schema itself, its columns, and the levels of its index."""
    yield schema
    yield from schema.columns.values()
    yield from index_parts(schema.index)


def index_parts(index: Any) -> list[Any]:
    """The levels that a schema has for the index."""
    return [] if index is None else list(getattr(index, "indexes", [index]))


def says(part: Any, name: str, default: bool = False) -> bool:
    """What a part's metadata says of one of the options above."""
    return bool((part.metadata or {}).get(name, default))


def is_panderas(check: pa.Check) -> bool:
    """Whether a rule calls a function of pandera's own and no other: told by the function, not by its name."""
    if isinstance(check, pa.Hypothesis) or not isinstance(check._check_fn, Dispatcher):
        return False
    functions = [check._check_fn._function_registry.get(kind) for kind in (pd.Series, pd.DataFrame)]
    return all(fn is not None and fn is getattr(builtin_checks, fn.__name__, None) for fn in functions)


def runs_own_code(schema: pa.DataFrameSchema) -> bool:
    """Whether judging by a schema calls functions or types that are not pandera's."""
    return any(
        not all(map(is_panderas, part.checks)) or not is_panderas_type(part.dtype) for part in schema_parts(schema)
    )


def is_panderas_type(dtype: Any) -> bool:
    """Whether a column's type is pandera's, or left open."""
    return dtype is None or type(dtype).__module__.startswith("pandera.")


def _built(model: type[pa.DataFrameModel]) -> pa.DataFrameSchema:
    if overridden := _overridden(model, pa.DataFrameModel) or (type(model) is not type(pa.DataFrameModel) and "class"):
        raise _replaced(f"contract {model.__name__}", overridden)
    try:
        schema: pa.DataFrameSchema = copy.deepcopy(model.to_schema())
        skipped = _skipped(model)
    except Exception as error:  # noqa: BLE001 - pandera's reasons are of many kinds
        raise InvalidContract(f"contract {model.__name__} cannot be built: {one_line(str(error), MAX_ERROR)}") from None
    if skipped:
        raise InvalidContract(
            f"contract {model.__name__} has {skipped}, which pandera leaves out without a word.",
            cure="Name the columns it is about; a column whose name begins with _ needs an alias: pa.Field(alias=...).",
        )
    schema.metadata = schema.metadata or getattr(model.Config, "metadata", None)
    return schema


def _skipped(model: type[pa.DataFrameModel]) -> str:
    """What a model says that is in none of its columns; "" if all is."""
    used = {written(rule._check_fn) for rules in model.__checks__.values() for rule in rules}
    used |= {written(parser._parser_fn) for parsers in model.__parsers__.values() for parser in parsers}
    for info in (*model._collect_check_infos(CHECK_KEY), *model._collect_parser_infos(PARSER_KEY)):
        if (fn := rule_of(info)) not in used:
            return f"a rule {name_of(fn)} about no column"
    fields = (name for owner in model.__mro__ for name, value in vars(owner).items() if isinstance(value, FieldInfo))
    return next((f"a field {name}" for name in fields if name.startswith("_")), "")


def _load(check: pa.Check) -> None:
    """Take the function that pandera has registered for a rule of its own.

    A contract that was declared before pandera had registered any holds a copy of an empty registry.
    """
    if isinstance(check._check_fn, Dispatcher):
        check._check_fn = pa.Check.get_builtin_check_fn(check._check_fn.__name__)


def _check_part(part: Any, title: str) -> None:
    """Refuse what one part of a schema says or replaces."""
    for each in (part, *part.checks, *part.parsers):
        base = next((kind for kind in reversed(_PARTS) if isinstance(each, kind)), None)
        if base is None:
            raise InvalidContract(f"{title} has a {type(each).__name__}, which is no part of pandera's.")
        if overridden := _overridden(type(each), base) or _shadowed(each):
            raise _replaced(title, overridden)
    if getattr(part, "drop_invalid_rows", False):
        raise InvalidContract(f"{title} drops invalid rows.", cure="Remove drop_invalid_rows: bad rows must fail.")
    if isinstance(part.dtype, PydanticModel):
        raise InvalidContract(
            f"{title} judges rows by a pydantic model, which may change them.",
            cure="Declare its fields as columns of the contract.",
        )
    for check in part.checks:
        if check.raise_warning:
            raise InvalidContract(
                f"rule {check.name} of {title} only warns (raise_warning).",
                cure='Make it a check of its own: @team.check(asset, severity="warn").',
            )
    for option in (ALLOW_EMPTY, AT_LEAST_ONE, LOSSY):
        if not isinstance((part.metadata or {}).get(option, False), bool):
            raise InvalidContract(f"metadata {option} of {title} must be True or False.")


def _check_index(index: Any, title: str) -> None:
    if not isinstance(index, pa.MultiIndex):
        return
    if overridden := _overridden(type(index), pa.MultiIndex) or _shadowed(index):
        raise _replaced(title, overridden)
    if any(part.parsers for part in index.indexes):
        raise InvalidContract(
            f"{title} has parsers on levels of a MultiIndex, whose results pandera drops.",
            cure="Parse in the asset's function.",
        )
    names = [part.name for part in index.indexes]
    if any(given is not None for given in names) and (None in names or len(set(names)) < len(names)):
        raise InvalidContract(
            f"{title} does not tell the levels of its MultiIndex apart.",
            cure="Give each level a name of its own, or none a name.",
        )


def _overridden(kind: type, base: type) -> str:
    """What a class, or one between it and ``base``, puts in the place of something that ``base`` has; "" if nothing."""
    for owner in kind.__mro__:
        if owner.__module__.startswith("pandera.") or owner in base.__mro__:
            continue
        for name, value in vars(owner).items():
            decides = name in _DECIDES if name.startswith("__") else name not in _SETS
            if decides and hasattr(base, name) and not isinstance(value, FieldInfo):
                return name
    return ""


def _shadowed(part: Any) -> str:
    """The method of a part that something was assigned over; "" if none."""
    static = {name: inspect.getattr_static(type(part), name, None) for name in vars(part)}
    return next((name for name, value in static.items() if isinstance(value, _METHODS)), "")


def _replaced(title: str, what: str) -> InvalidContract:
    return InvalidContract(
        f"{title} puts its own {what} in the place of pandera's.",
        cure="Say what is true of the value by columns and rules; nothing else is run.",
    )

"""What is refused where a contract is declared, in one sentence with its cure."""

import inspect
from collections.abc import Callable
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pydantic
import pytest
from pandera.engines.pandas_engine import PydanticModel

from lockgate.core.contract import ContractCheck
from lockgate.core.errors import InvalidContract
from tests.core.contract.judging import numbers, ruled, verdict_of


class Model(pa.DataFrameModel):
    n: int


def _model(**overridden: Any) -> type[pa.DataFrameModel]:
    return type("Own", (Model,), overridden)


class OwnSchema(pa.DataFrameSchema):
    def validate(self, check_obj: Any, *_: Any, **__: Any) -> Any:
        return check_obj


class OwnColumn(pa.Column):
    @property
    def dtype(self) -> None:
        return None

    @dtype.setter
    def dtype(self, _: Any) -> None:
        pass


class OwnCheck(pa.Check):
    def __call__(self, *_: Any) -> Any:
        return None


class OwnParser(pa.Parser):
    def __call__(self, *_: Any) -> Any:
        return None


class OwnIndex(pa.MultiIndex):
    def validate(self, check_obj: Any, *_: Any, **__: Any) -> Any:
        return check_obj


class Mixin:
    @classmethod
    def to_schema(cls) -> pa.DataFrameSchema:
        return pa.DataFrameSchema()


class Mixed(Mixin, Model):
    pass


class Meta(type(pa.DataFrameModel)):  # type: ignore[misc]
    def __getattribute__(cls, name: str) -> Any:
        return super().__getattribute__(name)


def _assigned() -> pa.DataFrameSchema:
    schema = ruled(pa.Check.ge(0))
    schema.validate = lambda frame, *_, **__: frame  # type: ignore[method-assign]
    return schema


def _assigned_to_a_check() -> pa.DataFrameSchema:
    check = pa.Check.ge(0)
    check.get_backend = lambda *_: None  # type: ignore[method-assign, assignment]
    return ruled(check)


class Row(pydantic.BaseModel):
    n: int


def _yes(*_: Any) -> bool:
    return True


class Unbound(pa.DataFrameModel):
    n: int

    @pa.check("^typo", regex=True)
    @classmethod
    def positive(cls, values: Any) -> Any:
        return values > 0


class UnboundParser(pa.DataFrameModel):
    n: int

    @pa.parser("^typo", regex=True)
    @classmethod
    def doubled(cls, values: Any) -> Any:
        return values * 2


class Hidden(pa.DataFrameModel):
    _n: int = pa.Field(ge=0)


class Unfit(pa.DataFrameModel):
    n: int

    @pa.check("typo")
    @classmethod
    def positive(cls, values: Any) -> Any:
        return values > 0


OVERRIDES: dict[str, Callable[[], Any]] = {
    "validate": lambda: _model(validate=classmethod(lambda cls, frame, *_, **__: frame)),
    "to_schema": lambda: _model(to_schema=classmethod(lambda cls: pa.DataFrameSchema())),
    "build_schema_": lambda: _model(build_schema_=classmethod(lambda cls, **_: pa.DataFrameSchema())),
    "__new__": lambda: _model(__new__=lambda cls, frame: frame),
    "__schema__": lambda: _model(__schema__=pa.DataFrameSchema()),
    "__checks__": lambda: _model(__checks__={}),
    "_collect_check_infos": lambda: _model(_collect_check_infos=classmethod(lambda cls, key: [])),
    "a mixin": lambda: Mixed,
    "a metaclass": lambda: Meta("Own", (Model,), {}),
    "a schema class": lambda: OwnSchema({"n": pa.Column(int)}),
    "a column class": lambda: pa.DataFrameSchema({"n": OwnColumn(int)}),
    "an index class": lambda: pa.DataFrameSchema(index=OwnIndex([pa.Index(int, name="a"), pa.Index(int, name="b")])),
    "a check class": lambda: ruled(OwnCheck(_yes)),
    "a parser class": lambda: pa.DataFrameSchema(parsers=OwnParser(_yes)),
    "an assignment": _assigned,
    "an assignment to a check": _assigned_to_a_check,
}
REFUSED: dict[str, Callable[[], Any]] = {
    "rows dropped": lambda: pa.DataFrameSchema({"n": pa.Column(int)}, drop_invalid_rows=True),
    "rows dropped by a column": lambda: pa.DataFrameSchema({"n": pa.Column(int, drop_invalid_rows=True)}),
    "a warning": lambda: ruled(pa.Check.ge(0, raise_warning=True)),
    "a warning of an own rule": lambda: ruled(pa.Check(_yes, raise_warning=True)),
    "a warning about the frame": lambda: pa.DataFrameSchema(checks=pa.Check(_yes, raise_warning=True)),
    "a warning about the index": lambda: pa.DataFrameSchema(index=pa.Index(checks=pa.Check(_yes, raise_warning=True))),
    "a warning of a field": lambda: type(
        "Warns", (pa.DataFrameModel,), {"__annotations__": {"n": int}, "n": pa.Field(ge=0, raise_warning=True)}
    ),
    "a pydantic model": lambda: pa.DataFrameSchema(dtype=PydanticModel(Row), coerce=True),
    "parsers of a level": lambda: pa.DataFrameSchema(
        index=pa.MultiIndex([pa.Index(int, name="a", parsers=pa.Parser(_yes)), pa.Index(int, name="b")])
    ),
    "levels half named": lambda: pa.DataFrameSchema(index=pa.MultiIndex([pa.Index(int, name="a"), pa.Index(int)])),
    "a rule about no column": lambda: Unbound,
    "a parser of no column": lambda: UnboundParser,
    "a field that pandera leaves out": lambda: Hidden,
    "a rule about a column that is not there": lambda: Unfit,
    "an option that is no bool": lambda: pa.DataFrameSchema({"n": pa.Column(int, metadata={"lossy": "no"})}),
    "a class": lambda: dict,
    "a column": lambda: pa.Column(int),
    "a series schema": lambda: pa.SeriesSchema(int),
}


@pytest.mark.parametrize("contract", OVERRIDES.values(), ids=OVERRIDES.keys())
def test_a_contract_that_replaces_a_part_of_pandera_is_refused(contract: Callable[[], Any]) -> None:
    with pytest.raises(InvalidContract, match="in the place of pandera's") as refused:
        ContractCheck(contract())
    assert "\n" not in str(refused.value)
    assert refused.value.cure


@pytest.mark.parametrize("contract", REFUSED.values(), ids=REFUSED.keys())
def test_a_contract_that_would_let_values_pass_is_refused(contract: Callable[[], Any]) -> None:
    with pytest.raises(InvalidContract) as refused:
        ContractCheck(contract())
    assert "\n" not in str(refused.value)


def test_ordinary_ways_to_write_a_contract_are_taken() -> None:
    """Inheritance, fields named like pandera's methods, columns of a class that only sets its arguments."""

    class Positive(pa.Column):
        def __init__(self, **more: Any) -> None:
            super().__init__(int, pa.Check.gt(0), **more)

    class Base(pa.DataFrameModel):
        n: int = pa.Field(ge=0)

    class Derived(Base):
        validate: int
        empty: int

        @pa.check("n", name="renamed")
        @classmethod
        def renamed_rule(cls, values: Any) -> Any:
            return values >= 0

        @pa.check("^(n|validate)$", regex=True)
        @classmethod
        def of_several(cls, values: Any) -> Any:
            return values >= 0

        @pa.parser("n")
        @classmethod
        def as_is(cls, values: Any) -> Any:
            return values

        class Config:
            strict = True
            metadata = {"allow_empty": True}  # noqa: RUF012

    assert verdict_of(pa.DataFrameSchema({"n": Positive()}), pd.DataFrame({"n": [1]})).passed
    assert verdict_of(Derived, pd.DataFrame({"n": [1], "validate": [1], "empty": [1]})).passed
    assert verdict_of(Derived, pd.DataFrame({"n": [1], "validate": [1], "empty": [1]}).head(0)).passed
    assert not verdict_of(Derived, pd.DataFrame({"n": [-1], "validate": [1], "empty": [1]})).passed


# What a contract can say; a new way of saying something must be judged before a contract may use it.
KNOWN = {
    pa.DataFrameSchema: "columns checks parsers index dtype coerce strict name ordered unique report_duplicates "
    "unique_column_names add_missing_columns on_missing_columns title description metadata drop_invalid_rows",
    pa.Column: "dtype checks parsers nullable unique report_duplicates coerce required name regex title description "
    "default metadata drop_invalid_rows on_missing",
    pa.Index: "dtype checks parsers nullable unique report_duplicates coerce name title description default metadata "
    "drop_invalid_rows",
    pa.MultiIndex: "indexes coerce strict name ordered unique",
    pa.Check: "check_fn groups groupby ignore_na element_wise native name error raise_warning n_failure_cases title "
    "description statistics strategy constraint determined_by_unique check_kwargs",
    pa.Hypothesis: "test samples groupby relationship alpha test_kwargs relationship_kwargs name error raise_warning "
    "n_failure_cases title description statistics strategy check_kwargs",
    pa.Parser: "parser_fn element_wise ignore_na name title description parser_kwargs",
}


@pytest.mark.parametrize("part", KNOWN, ids=lambda part: part.__name__)
def test_whatever_the_installed_pandera_lets_a_contract_say_is_known(part: type) -> None:
    assert set(inspect.signature(part).parameters) == set(KNOWN[part].split())


def test_every_rule_of_panderas_own_is_known_by_its_function_not_by_its_name() -> None:
    from lockgate.core.contract.definition import is_panderas

    builtin = {"eq": 1, "ne": 1, "gt": 1, "ge": 1, "lt": 1, "le": 1, "isin": [1], "notin": [1], "str_matches": "a"}
    assert all(is_panderas(getattr(pa.Check, name)(value)) for name, value in builtin.items())
    assert is_panderas(pa.Check.ge(0, name="ours", error="text"))

    def isin(values: "pd.Series[Any]") -> "pd.Series[bool]":
        return values > 0

    assert not is_panderas(pa.Check(isin))
    assert not is_panderas(pa.Check(lambda values: values > 0, name="isin"))
    assert not verdict_of(ruled(pa.Check(isin)), numbers(-1)).passed
    assert verdict_of(ruled(pa.Check(isin)), numbers(1)).passed

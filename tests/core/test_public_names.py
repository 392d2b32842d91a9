"""The public face: every name that is promised is there, and none comes with pandas or Prefect unasked."""

import subprocess
import sys

import lockgate


def test_every_public_name_is_there_and_comes_from_where_it_is_defined() -> None:
    assert sorted(lockgate._MODULES) == sorted(lockgate.__all__)
    for name in lockgate.__all__:
        assert getattr(lockgate, name).__name__ == name


def test_importing_lockgate_loads_neither_pandas_nor_prefect() -> None:
    code = "import lockgate, sys; print({'pandas', 'prefect'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    assert not hasattr(lockgate, "nothing")

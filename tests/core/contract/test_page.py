"""The page on contracts says what is so: its test passes, and its contract is one."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from tests.core.contract.judging import verdict_of
from tests.docs.pages import Addition, steps
from tests.running import REPOSITORY

PAGE = REPOSITORY / "docs" / "how-to" / "write-a-contract.md"


def test_the_pages_test_passes(tmp_path: Path) -> None:
    (code,) = [step.code for step in steps(PAGE) if isinstance(step, Addition)]
    (tmp_path / "test_page.py").write_text(code, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout


def test_the_pages_contract_is_taken() -> None:
    (code,) = re.findall(r"^```python\n(class Observations.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    names = {"pa": pa, "pd": pd}
    exec(code, names)
    frame = pd.DataFrame({"origin": ["EWR"], "hour": ["6"], "temp": [41.0]})
    assert verdict_of(names["Observations"], frame).passed
    assert not verdict_of(names["Observations"], frame.assign(hour="06")).passed
    assert not verdict_of(names["Observations"], frame.assign(temp=float("nan"))).passed

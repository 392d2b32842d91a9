"""A command talks to the platform and to nobody else."""

import os
import sys

import pytest

from lockgate.cli import main


@pytest.mark.parametrize(("chosen", "holds"), [(None, "1"), ("0", "0")])
def test_prefects_telemetry_is_off_unless_its_user_chose(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, holds: str
) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", chosen or "")
    if chosen is None:
        monkeypatch.delenv("DO_NOT_TRACK")
    monkeypatch.setattr(sys, "argv", ["lockgate", "--help"])

    with pytest.raises(SystemExit):
        main()

    assert os.environ["DO_NOT_TRACK"] == holds

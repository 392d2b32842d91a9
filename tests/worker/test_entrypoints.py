"""Which flow a run is, as its folder says."""

from pathlib import Path

import pytest

from lockgate.core.errors import UsageError
from lockgate.entrypoints import has_own_code, own_entrypoint

PREFECT = "deployments:\n- {name: sweep, entrypoint: 'flows/sweep.py:sweep'}\n"


def test_a_teams_run_is_the_teams_flow_whatever_its_deployment_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "weather"
    folder.mkdir()
    (folder / "assets.py").touch()
    assert has_own_code(folder)
    for name in ("days", "", "../../payload.py:flow", "os.system"):
        assert own_entrypoint(folder, name) == "lockgate.flows.weather"
    assert own_entrypoint(folder, "@all") == "lockgate.jobs.weather"


def test_the_platforms_run_is_what_the_projects_prefect_file_has(tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    (tmp_path / "prefect.yaml").write_text(PREFECT)
    assert own_entrypoint(tmp_path, "sweep") == "flows/sweep.py:sweep"
    for name in ("", "payload", "Sweep"):
        with pytest.raises(UsageError, match="has no deployment"):
            own_entrypoint(tmp_path, name)


def test_any_other_folder_is_prefects_business(tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text(PREFECT)
    assert not has_own_code(tmp_path)
    assert own_entrypoint(tmp_path, "sweep") is None

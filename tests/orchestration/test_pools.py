from pathlib import Path

import pytest

from lockgate.core.errors import UsageError
from lockgate.orchestration.closed import openings
from lockgate.orchestration.pool_template import DEFAULT_KIND, STACK, chosen_kind, read_pool, usable_kind

ROOT = Path(__file__).parents[2]
TEMPLATE = """
type: docker
concurrency_limit: 2
base_job_template:
  job_configuration:
    image: team-${team}:${TAG}
    volumes:
      - own-${team}
      - other-${producer}:ro
  variables: {}
"""


def project(root: Path, template: str | None) -> Path:
    (root / "work_pools").mkdir()
    if template is not None:
        (root / "work_pools" / "small.yaml").write_text(template)
    return root


def test_a_template_is_filled_with_team_environment_and_producers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAG", "1")
    pool = read_pool(project(tmp_path, TEMPLATE), "beta", tmp_path, kind="small", producers={"gamma", "alpha"})
    assert pool.base_job_template["job_configuration"] == {
        "image": "team-beta:1",
        "volumes": ["own-beta", "other-alpha:ro", "other-gamma:ro"],
    }


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("type: [\n", "is not YAML"),
        ("type: process\n", "lacks one of"),
        (None, "There is no"),
        (TEMPLATE, "names 'TAG', which is not set"),
        (TEMPLATE.replace("limit: 2", "limit: many"), "concurrency_limit is 'many', which is no number"),
        (TEMPLATE.replace("limit: 2", "limit: -3"), "concurrency_limit is -3, which is no number above 0"),
        (TEMPLATE.replace("type: docker", "type: 7"), "type is no text"),
        ("type: a\nconcurrency_limit: 1\nbase_job_template: []\n", "lacks job_configuration or variables"),
    ],
)
def test_one_sentence_says_what_is_wrong_with_a_template(tmp_path: Path, template: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_pool(project(tmp_path, template), "beta", tmp_path, kind="small")


@pytest.mark.parametrize("kind", ["process", "warm-process", "docker"])
def test_each_kind_of_this_repository_is_whole(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (STACK, "LOCKGATE_TAG", "LOCKGATE_SECRETS", "LOCKGATE_STORE_URL"):
        monkeypatch.setenv(name, "x")
    pool = read_pool(ROOT, "beta", ROOT / "teams" / "beta", kind=kind)
    assert openings(pool.base_job_template) == []


def test_a_team_chooses_its_kind_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_kind(tmp_path) == DEFAULT_KIND
    (tmp_path / "pyproject.toml").write_text('[tool.lockgate]\npool = "docker"\n')
    assert chosen_kind(tmp_path) == "docker"


def test_without_images_the_runs_of_a_docker_pool_are_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.lockgate]\npool = "docker"\n')
    monkeypatch.delenv(STACK, raising=False)
    assert usable_kind(tmp_path) == DEFAULT_KIND
    monkeypatch.setenv(STACK, "lockgate")
    assert usable_kind(tmp_path) == "docker"

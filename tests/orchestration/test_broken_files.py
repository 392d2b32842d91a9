"""Prefect files and work pools that people wrote by hand: what is wrong is said in one sentence."""

from pathlib import Path

import pytest

from lockgate.core.errors import UsageError
from lockgate.orchestration.pool_template import read_template
from lockgate.orchestration.prefect_state import read_file
from tests.running import REPOSITORY

WHOLE = (REPOSITORY / "prefect.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deployments: [\n", "is not YAML: while parsing"),
        (WHOLE[: WHOLE.index("deployments:")], "is not whole: it needs pull, and deployments with a name"),
        (WHOLE[: WHOLE.index("work_pool:")], "is not whole"),
        ("", "is not whole"),
        ("just text", "is not whole"),
        ("pull: []\ndeployments: 3\n", "is not whole"),
        ("pull: []\ndeployments: [3]\n", "is not whole"),
        ("pull: []\ndeployments: [{name: a, entrypoint: 3, work_pool: {name: b}}]\n", "is not whole"),
        ("pull: x\ndeployments: []\n", "is not whole"),
    ],
)
def test_a_half_written_prefect_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        read_file(file)
    assert str(refused.value).startswith(f"{file} {said}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("concurrency_limit: 4", "concurrency_limit: many"),
            "concurrency_limit is 'many', which is no number above 0",
        ),
        (("concurrency_limit: 4", "concurrency_limit: true"), "concurrency_limit is True"),
        (("concurrency_limit: 4", "concurrency_limit: -1"), "concurrency_limit is -1"),
        (("concurrency_limit: 4", ""), "lacks one of"),
        (("type: warm-process", "type: [warm]"), "type is no text"),
        (("  variables:", "  other:"), "base_job_template lacks job_configuration"),
        (("base_job_template:", "base_job_template: x\nrest:"), "base_job_template lacks job_configuration"),
    ],
)
def test_a_work_pool_of_another_shape_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = (REPOSITORY / "work_pools" / "warm-process.yaml").read_text()
    assert change[0] in text
    (tmp_path / "work_pools").mkdir()
    (tmp_path / "work_pools" / "warm-process.yaml").write_text(text.replace(*change, 1))
    with pytest.raises(UsageError) as refused:
        read_template(tmp_path, "warm-process")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)

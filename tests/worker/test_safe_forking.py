"""The fork server forks only while it has a single thread, however the others were started."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.worker.servers import fork_server_environment

TEAM = "from lockgate import Team\nteam = Team('probing')\n"
HARMLESS = {
    "nothing": "",
    "OpenBLAS at work, which ends its pool at a fork": "import numpy\nnumpy.ones((600, 600)) @ numpy.ones((600, 600))",
    "a thread that is over": "import threading\nt = threading.Thread(target=int)\nt.start()\nt.join()",
}
UNSAFE = {
    "a Python thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "pyarrow's pools": "import io, pyarrow as pa, pyarrow.parquet as pq\nb = io.BytesIO()\n"
    "pq.write_table(pa.table({'a': [1], 'b': [2]}), b)\npq.read_table(pa.BufferReader(b.getvalue()))",
    "obstore's runtime": "import obstore\nfrom obstore.store import MemoryStore\nobstore.put(MemoryStore(), 'a', b'b')",
}

ON_IMPORT = {"polars": ("import polars", "cold: polars")}

Answer = Callable[[str], str]


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    """What a fork server says of a team whose helper module does something when it is imported."""
    folder = tmp_path / "probing"
    folder.mkdir()

    def ask(code: str) -> str:
        (folder / "assets.py").write_text("import helper\n" + TEAM)
        (folder / "helper.py").write_text(code + "\n")
        told, telling = os.pipe()
        command = [sys.executable, "-m", "lockgate.worker.fork_server", str(tmp_path / "socket"), str(telling)]
        environment = fork_server_environment({**os.environ, "PREFECT_HOME": str(tmp_path)})
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, pass_fds=[telling]
        ) as server:
            os.close(telling)
            with os.fdopen(told) as answers:
                said = answers.read()
            assert server.stdin
            server.stdin.close()
        return said

    return ask


def test_code_without_threads_is_forked(answer: Answer) -> None:
    assert answer("") == "ready"


def test_a_living_thread_is_noticed_and_its_module_named(answer: Answer) -> None:
    said = answer(UNSAFE["a Python thread"])
    assert said.startswith("cold: helper")


@pytest.mark.slow
@pytest.mark.parametrize("what", HARMLESS)
def test_what_is_over_at_a_fork_does_no_harm(answer: Answer, what: str) -> None:
    assert answer(HARMLESS[what]) == "ready"


@pytest.mark.slow
@pytest.mark.parametrize(("code", "said"), ON_IMPORT.values(), ids=ON_IMPORT)
def test_a_library_that_starts_a_thread_by_being_imported_is_named_itself(answer: Answer, code: str, said: str) -> None:
    assert answer(code).startswith(said)


@pytest.mark.slow
@pytest.mark.parametrize("what", UNSAFE)
def test_threads_that_python_knows_nothing_of_are_noticed_too(answer: Answer, what: str) -> None:
    said = answer(UNSAFE[what])
    assert said.startswith("cold: helper")

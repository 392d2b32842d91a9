"""Whatever is wrong, the command line says it in one sentence, with the cure, and never with a traceback."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lockgate.core.errors import PlatformError
from lockgate.embedded.home import Home
from lockgate.embedded.services import purge_services
from tests.running import clean_environment, make_project

TEAM = 'from lockgate import Team\n\nteam = Team("weather")\n'


@dataclass(frozen=True)
class Case:
    """A command that cannot succeed.

    Attributes:
        arguments: Of the command.
        code: Its exit code.
        said: What its one sentence must hold.
        files: Written into the project before; None deletes.
        environment: Added to it; ``{port}`` is one that somebody uses, ``{dead}`` one that nobody does.
        folder: Where it is run, from the project.
    """

    arguments: str
    code: int
    said: str
    files: dict[str, str | None] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "."


def code(text: str) -> dict[str, str | None]:
    """A team whose code is this."""
    return {"teams/weather/assets.py": text}


DEAD_DATABASE = "postgresql://postgres:pw@127.0.0.1:{dead}/postgres"

CASES = {
    "outside of a project": Case("status", 2, "is in no lockgate project. Go to a folder that has teams/", folder=".."),
    "before the first up": Case("status", 2, "is not running. Start the platform: lockgate up"),
    "run before the first up": Case("run alpha/solo -p 2020-01-01", 2, "Start the platform: lockgate up"),
    "what is no key": Case("run observations", 2, "'observations' is not an asset key. Write it as team/asset"),
    "an unknown team": Case("generate alhpa", 2, "There is no team 'alhpa'", files={}),
    "a project where there is something": Case("init", 2, "is not empty: it holds "),
    "a team that is there": Case("new team alpha", 2, "teams/alpha is there already. Choose another name"),
    "a team of a name that is none": Case("new team Harbour", 2, "team name 'Harbour' is not allowed"),
    "a team of the platform's name": Case("new team platform", 2, "'platform' is reserved for the platform. Choose"),
    "a team whose settings are another's": Case("new team a__b", 2, "Put single underscores between words only"),
    "a folder of the platform's name": Case(
        "generate platform", 1, "'platform' is reserved for the platform", files={"teams/platform/assets.py": TEAM}
    ),
    "an asset of a name that is none": Case("new asset alpha a-b", 2, "asset name 'a-b' is not allowed"),
    "an asset that is there": Case("new asset alpha solo", 2, "has the name solo already. Choose another name"),
    "an asset of a team that is not there": Case("new asset alhpa a", 2, "cannot be read: No such file"),
    "tests of an unknown team": Case("test alhpa", 2, "There is no team 'alhpa'"),
    "a team without a lock": Case(
        "generate alpha", 1, "has no uv.lock. Run: uv lock --project",
        files={"teams/alpha/pyproject.toml": "[project]\nname = 'a'\nversion = '0'\n"},
    ),
    "an unknown command": Case("destroy", 2, "No such command 'destroy'"),
    "a port that is taken": Case(
        "up --detach", 1, "is in use by another program", environment={"LOCKGATE_PORT": "{port}"}
    ),
    "a port that is none": Case("up --detach", 2, "'http', which is no port", environment={"LOCKGATE_PORT": "http"}),
    "a ledger that is down": Case(
        "status", 1, "cannot be reached", environment={"LOCKGATE_LEDGER_URL": DEAD_DATABASE}
    ),
    "a database that is down": Case(
        "up --detach", 1, "cannot be reached", environment={"LOCKGATE_DATABASE_URL": DEAD_DATABASE}
    ),
    "a database address that is none": Case(
        "up --detach", 2, "LOCKGATE_DATABASE_URL is no postgresql:// address",
        environment={"LOCKGATE_DATABASE_URL": "localhost"},
    ),
    "a broker address that is none": Case(
        "up --detach", 2, "LOCKGATE_BROKER_URL is no redis:// address",
        environment={"LOCKGATE_BROKER_URL": "redis://host:port"},
    ),
    "a broker that is down": Case(
        "up --detach", 1, "(LOCKGATE_BROKER_URL) does not answer",
        environment={"LOCKGATE_BROKER_URL": "redis://127.0.0.1:{dead}/0"},
    ),
    "an API address that is none": Case(
        "deploy alpha", 2, "PREFECT_API_URL is no http:// address", environment={"PREFECT_API_URL": "localhost:4200"}
    ),
    "a ledger address that is none": Case(
        "status", 2, "LOCKGATE_LEDGER_URL is no postgresql:// address",
        environment={"LOCKGATE_LEDGER_URL": "postgresql://user:pa55word@host:port/x"},
    ),
    "a port that no machine has": Case(
        "up --detach", 2, "'99999', which is no port number", environment={"LOCKGATE_PORT": "99999"}
    ),
    "a home that cannot be written": Case(
        "up --detach", 1, "Set LOCKGATE_HOME to a folder you may write to", environment={"LOCKGATE_HOME": "/proc/x"}
    ),
    "a home that is a file": Case(
        "up --detach", 1, "prefect.yaml cannot be created: File exists. Set LOCKGATE_HOME",
        environment={"LOCKGATE_HOME": "prefect.yaml"},
    ),
    "a Prefect server that is down": Case(
        "deploy alpha", 1, "does not answer", environment={"PREFECT_API_URL": "http://127.0.0.1:{dead}/api"}
    ),
    "a home that holds other things": Case(
        "up --detach", 1, "holds other things than lockgate's", environment={"LOCKGATE_HOME": "flows"}
    ),
    "a damaged home": Case(
        "status", 1, "state.json is damaged: it is not JSON.", files={".lockgate/state.json": "{"}
    ),
    "a half-written home": Case(
        "status", 1, "state.json is damaged: it is not JSON.", files={".lockgate/state.json": '{"endpoints": {"led'}
    ),
    "a home of another shape": Case(
        "status", 1, "state.json is damaged: its endpoints are none.",
        files={".lockgate/state.json": '{"endpoints": 3}'},
    ),
    "code with a syntax error": Case("generate weather", 1, "assets.py:1: ", files=code("def (")),
    "code that is no text": Case("generate weather", 1, "assets.py:1: source code", files=code("\0")),
    "code that raises": Case("generate weather", 1, "ZeroDivisionError: division by zero", files=code("1 / 0")),
    "code that exits": Case("generate weather", 1, "weather", files=code("import sys\nsys.exit('bye')")),
    "code without a team": Case("generate weather", 1, "declares 0 teams", files=code("")),
    "a team of another name": Case(
        "generate weather", 1, "its folder is weather", files=code(TEAM.replace('"weather"', '"wether"'))
    ),
    "an input that is no parameter": Case(
        "generate weather", 1, "inputs b are no parameters of the function",
        files=code(TEAM + '@team.asset(inputs={"b": "weather/b"})\ndef a():\n    return 1\n'),
    ),
    "a team's name with a space": Case("generate 'my team'", 2, "There is no team 'my team'"),
    "a team's name with a slash": Case("generate ../alpha", 2, "There is no team '../alpha'"),
    "a key with dots": Case("run alpha/so.lo", 2, "asset name 'so.lo' is not allowed. Use lower case letters"),
    "a key with a second slash": Case("run alpha/so/lo", 2, "asset name 'so/lo' is not allowed"),
    "a key with SQL": Case(
        """run "alpha/x'; drop table assets" """, 2, """asset name "x'; drop table assets" is not allowed"""
    ),
    "a key with unicode": Case("run alpha/größe", 2, "asset name 'größe' is not allowed"),
    "no key": Case("run ''", 2, "'' is not an asset key"),
    "a team's folder with a space": Case(
        "generate 'my team'", 1, "team name 'my team' is not allowed",
        files={"teams/my team/assets.py": TEAM.replace("weather", "my team")},
    ),
    "a team's folder with unicode": Case(
        "generate größe", 1, "team name 'größe' is not allowed",
        files={"teams/größe/assets.py": TEAM.replace("weather", "größe")},
    ),
    "two teams of one name": Case(
        "generate weather2", 1, 'declares Team("weather"), but its folder is weather2. Give both the same name.',
        files={"teams/weather2/assets.py": TEAM, **code(TEAM)},
    ),
    "a check of another team's asset": Case(
        "generate weather", 1, "the asset belongs to team alpha, not to weather",
        files=code(TEAM + '@team.check("alpha/solo")\ndef ours(value):\n    return True\n'),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What a command printed, how it ended, and whether it changed a file of the project."""

    code: int
    text: str
    changed: bool


def run(case: Case, root: Path, ports: dict[str, int]) -> Said:
    """Run the real command in a project of its own."""
    root.mkdir()
    make_project(root)
    for name, text in case.files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text)
    before = contents(root)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lockgate")), *shlex.split(case.arguments)],
        cwd=root / case.folder,
        env={
            **clean_environment(),
            **{name: value.format_map(ports) for name, value in case.environment.items()},
            "COLUMNS": "500",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    after = contents(root)
    with suppress(PlatformError):  # a home that is not lockgate's: nothing was started there
        purge_services(Home(root / ".lockgate"))
    return Said(done.returncode, done.stderr + done.stdout, changed=before != after)


def contents(root: Path) -> dict[Path, bytes]:
    """The project's files, the home aside, in which a service that came up before the mistake leaves its logs."""
    ours = (path for path in root.rglob("*") if path.is_file() and ".lockgate" not in path.parts)
    return {path: path.read_bytes() for path in ours if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Said]]]:
    """All cases, two at a time."""
    folder = tmp_path_factory.mktemp("projects")
    with socket.socket() as used, socket.socket() as free, ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        used.bind(("127.0.0.1", 0))
        used.listen()
        free.bind(("127.0.0.1", 0))  # held but not listening: nobody answers there, and nobody can take it
        ports = {"port": used.getsockname()[1], "dead": free.getsockname()[1]}
        yield {
            name: pool.submit(run, case, folder / str(number), ports)
            for number, (name, case) in enumerate(CASES.items())
        }
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", CASES)
def test_one_sentence_says_what_is_wrong_with(name: str, said: dict[str, Future[Said]]) -> None:
    """One clear sentence, exit code 1 for what failed and 2 for what was called wrongly, no traceback, no change."""
    found = said[name].result()
    assert "Traceback" not in found.text
    assert 'File "' not in found.text
    assert "pa55word" not in found.text
    assert not found.changed
    assert CASES[name].said in found.text
    assert found.code == CASES[name].code, found.text

"""Every page of the documentation, done as it says, on a copy of this repository with its four teams running."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.source.feeds import Feeds
from demo.source.server import SourceServer
from tests.copies import copy_repository
from tests.docs.pages import Addition, Command, steps
from tests.running import REPOSITORY, clean_environment

PAGES = sorted(path for path in (REPOSITORY / "docs").rglob("*.md") if any(steps(path)))
DAY = "2013-01-05"
SOURCES = ("weather/observations -p " + DAY, "flights/flights -p " + DAY, "flights/planes")
COMMAND_SECONDS = 600

pytestmark = pytest.mark.slow


@dataclass
class Project:
    """A copy of this repository with its platform running.

    Attributes:
        root: Its folder.
        environment: In which a reader types.
    """

    root: Path
    environment: dict[str, str]

    def export(self, line: str) -> None:
        """What ``export NAME=$(...)`` does for the lines after it."""
        name, _, value = line.removeprefix("export ").partition("=")
        self.environment = {**self.environment, name: self.must(f"exec 2>/dev/null; echo {value}").strip()}

    def shell(self, line: str) -> "subprocess.CompletedProcess[str]":
        """Run a line as a reader would type it, errors and output together."""
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def must(self, line: str) -> str:
        """The output of a line that has to work."""
        done = self.shell(line)
        assert done.returncode == 0, f"{line}\n{done.stdout}"
        return done.stdout


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The platform, with one day gone through all four teams."""
    root = tmp_path_factory.mktemp("documented") / "lockgate"
    copy_repository(root)
    with SourceServer(0, Feeds.load()) as source, _serving(source):
        own = {f"{team}__SOURCE_URL": source.url for team in ("WEATHER", "FLIGHTS")}
        here = str(Path(sys.executable).parent)
        clean = clean_environment()
        project = Project(root, {**clean, **own, "PATH": f"{here}:{clean['PATH']}", "COLUMNS": "400"})
        try:
            project.must("lockgate up --detach")
            for asset in SOURCES:
                project.must(f"lockgate run {asset} --wait")
            project.must("lockgate run delays/delay_by_weather --partition 2013-01-05 --wait")
            yield project
        finally:
            project.shell("lockgate down --purge")


@contextmanager
def _serving(server: SourceServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_a_page_does_what_it_says(project: Project, page: Path) -> None:
    """Its commands end as it says and print what it shows; afterwards the teams are as they were."""
    written: dict[Path, str] = {}
    before = project.environment
    try:
        for step in steps(page):
            if isinstance(step, Addition):
                _add(project.root / step.path, step.code, written)
            elif step.line.startswith("export "):
                project.export(step.line)
            else:
                _check(step, project)
    finally:
        project.environment = before
        for path, text in written.items():
            path.write_text(text, encoding="utf-8")


def _add(path: Path, code: str, written: dict[Path, str]) -> None:
    for file in (path, path.with_name("prefect.yaml")):
        written.setdefault(file, file.read_text(encoding="utf-8") if file.exists() else "")
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{code}", encoding="utf-8")


def _check(step: Command, project: Project) -> None:
    done = project.shell(step.line)
    assert done.returncode == step.code, f"$ {step.line}\n{done.stdout}"
    assert step.fits(done.stdout), f"$ {step.line}\nshown:\n{step.shown}\nprinted:\n{done.stdout}"


def test_every_page_is_found_from_the_index() -> None:
    """docs/README.md links every page."""
    index = (REPOSITORY / "docs" / "README.md").read_text(encoding="utf-8")
    pages = (path.relative_to(REPOSITORY / "docs").as_posix() for path in (REPOSITORY / "docs").rglob("*.md"))
    assert [page for page in pages if page != "README.md" and f"({page})" not in index] == []


def test_a_command_must_print_what_is_shown() -> None:
    """The comparison itself can fail."""
    shown = Command("x", 0, "one ... three\nfour\n")
    assert shown.fits("zero\none two three\nfour\n")
    assert not shown.fits("one two three\nfive\n")

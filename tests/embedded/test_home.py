"""The home keeps secrets to its owner, says what is damaged, and lets one command at a time start services."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lockgate.core.errors import PlatformError
from lockgate.embedded.home import DamagedFile, Home


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_home_is_in_the_project_unless_a_setting_moves_it(tmp_path: Path) -> None:
    assert Home.of(tmp_path, {}).path == tmp_path / ".lockgate"
    assert Home.of(tmp_path, {"LOCKGATE_HOME": "other"}).path == tmp_path / "other"
    assert Home.of(tmp_path, {"LOCKGATE_HOME": "/elsewhere"}).path == Path("/elsewhere")


def test_only_the_owner_may_look_inside(home: Home) -> None:
    home.secret("postgres")
    home.update(lambda state: state.update(a=1))

    assert _mode(home.path) == 0o700
    assert _mode(home.path / "secrets.json") == 0o600
    assert _mode(home.path / "state.json") == 0o600


def test_git_ignores_a_home(home: Home) -> None:
    assert (home.path / ".gitignore").read_text() == "*\n"


def test_a_secret_stays_the_same_and_each_is_its_own(home: Home) -> None:
    assert home.secret("broker") == Home(home.path).secret("broker")
    assert home.secret("broker") != home.secret("team/weather")
    assert len(home.secret("broker")) == 32


@pytest.mark.parametrize("content", ["", '{"processes": ', "[]", "\x00"])
def test_a_damaged_state_file_is_one_clear_sentence(home: Home, content: str) -> None:
    (home.path / "state.json").write_text(content)

    with pytest.raises(DamagedFile, match=r"state\.json is damaged: .* Run `lockgate down --purge`"):
        home.state()
    (home.path / "state.json").unlink()


def test_damaged_secrets_are_never_replaced(home: Home) -> None:
    (home.path / "secrets.json").write_text("{")

    with pytest.raises(DamagedFile, match=r"secrets\.json is damaged"):
        home.secret("postgres")

    assert (home.path / "secrets.json").read_text() == "{"


def test_a_reader_never_sees_half_a_state(home: Home) -> None:
    """Two processes change the state thirty times each; each change is kept and each read is whole."""
    code = (
        "import sys; from pathlib import Path; from lockgate.embedded.home import Home\n"
        "home = Home(Path(sys.argv[1]))\n"
        "for _ in range(30): home.update(lambda state: state.update(n=state.get('n', 0) + 1))\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(home.path)]) for _ in range(2)]
    while any(writer.poll() is None for writer in writers):
        assert isinstance(home.state(), dict)

    assert json.loads((home.path / "state.json").read_text())["n"] == 60


def test_a_second_starter_is_refused_and_told_of_the_first(home: Home) -> None:
    code = (
        "import sys; from pathlib import Path; from lockgate.embedded.home import Home\n"
        "with Home(Path(sys.argv[1])).sole_starter(): print('holding', flush=True); sys.stdin.read()\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code, str(home.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first.stdout
    assert first.stdin
    assert first.stdout.readline() == b"holding\n"

    with pytest.raises(PlatformError, match=f"process {first.pid}"), home.sole_starter():
        pass

    first.kill()
    first.communicate()
    with home.sole_starter(), home.sole_starter():
        pass


def test_a_folder_with_other_things_in_it_is_refused_and_never_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    home = Home(tmp_path)

    with pytest.raises(PlatformError, match="holds other things"):
        home.create()
    home.remove()

    assert (tmp_path / "thesis.txt").exists()


def test_a_folder_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(PlatformError, match="cannot be created: Not a directory"):
        Home(tmp_path / "file" / ".lockgate").create()

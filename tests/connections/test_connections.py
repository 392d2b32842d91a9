"""Connections by name: declared without a network, configured from outside, never printed, and tried by ``doctor``."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest
import sqlalchemy
from prefect.blocks.system import Secret
from pydantic import SecretStr

from lockgate import connections
from lockgate.connecting import try_connections
from lockgate.connections import Connection, HttpConnection, ObjectsConnection, SqlConnection, try_connection
from lockgate.connections.base import _declared
from lockgate.core.errors import DefinitionError, DuplicateName, InvalidName, UsageError
from lockgate.platform.doctor.connections import connections as look_at_connections
from tests.postgres import Server, running_server
from tests.running import Live

KINDS: list[type[Connection]] = [HttpConnection, ObjectsConnection, SqlConnection]
PASSWORD = "pa55word"


@pytest.fixture(autouse=True)
def _nothing_declared() -> Iterator[None]:
    _declared.clear()
    yield
    _declared.clear()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("source")) as server:
        yield server


def test_declaring_needs_neither_an_address_nor_a_network() -> None:
    made = (connections.http("source"), connections.objects("archive"), connections.sql("warehouse"))
    assert sorted(made, key=lambda one: one.name) == list(connections.declared())


def test_a_name_means_one_connection() -> None:
    assert connections.http("source") == connections.http("source")
    with pytest.raises(DuplicateName, match="Connection source is declared twice"):
        connections.sql("source")


@pytest.mark.parametrize("name", ["", "Source", "a b", "a/b", "a.b", "ü", "a'; drop table x", "1st"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidName, match="connection name"):
        connections.http(name)
    assert connections.declared() == ()


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_not_configured_says_what_to_set(kind: type[Connection], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_URL", raising=False)
    with pytest.raises(UsageError) as refused:
        _ = kind("source").address
    assert str(refused.value) == (
        "Connection source is not configured: SOURCE_URL is not set."
        " Set TEAM__SOURCE_URL where the platform starts, or SOURCE_URL where you are."
    )


def test_an_engine_queries_and_keeps_the_password_to_itself(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", server.url)
    engine = SqlConnection("warehouse").engine()
    with engine.connect() as opened:
        assert opened.execute(sqlalchemy.text("select 40 + 2")).scalar() == 42
        with pytest.raises(sqlalchemy.exc.ProgrammingError) as refused:
            opened.execute(sqlalchemy.text("select :secret from nowhere"), {"secret": "personal"})
    password = server.url.split("@")[0].rpartition(":")[2]
    assert password not in repr(engine) + str(engine.url) + str(refused.value)
    assert "personal" not in str(refused.value)
    assert SqlConnection("warehouse").engine() is engine


def test_a_store_reads_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_URL", tmp_path.as_uri())
    store = ObjectsConnection("archive").store()
    obstore.put(store, "day/one.txt", b"1")
    assert (tmp_path / "day" / "one.txt").read_bytes() == b"1"


def test_a_prefect_block_may_hold_the_address(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform's server keeps the secret; only the block's name is in the environment."""
    save: Any = Secret(value=SecretStr(f"http://user:{PASSWORD}@source.example")).save
    save("weather-source", _sync=True)
    monkeypatch.setenv("SOURCE_URL", "block:weather-source")
    assert HttpConnection("source").address == f"http://user:{PASSWORD}@source.example"
    monkeypatch.setenv("SOURCE_URL", "block:nobody")
    with pytest.raises(UsageError, match="there is no secret block nobody"):
        _ = HttpConnection("source").address


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (HttpConnection, f"http://user:{PASSWORD}@127.0.0.1:1/"),
        (HttpConnection, f"ftp://user:{PASSWORD}@host"),
        (SqlConnection, f"postgresql://user:{PASSWORD}@127.0.0.1:1/db"),
        (SqlConnection, f"nonsense://user:{PASSWORD}@host/db"),
        (SqlConnection, f"oracle://user:{PASSWORD}@host/db"),
        (SqlConnection, f"postgresql://user:{PASSWORD}@host:port/db"),
        (ObjectsConnection, f"nonsense://user:{PASSWORD}@host"),
        (ObjectsConnection, "file:///nowhere/at/all"),
    ],
)
def test_trying_one_that_does_not_work_says_so_without_its_secrets(
    kind: type[Connection], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_URL", address)
    found = try_connection(kind("source"))
    assert (found.ok, found.name, found.kind) == (False, "source", kind.kind)
    assert found.message.startswith("Connection source ")
    assert found.message.endswith(".")
    assert "SOURCE_URL" in found.cure
    assert PASSWORD not in repr(found)
    assert "\n" not in found.message


def test_trying_one_that_works(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", server.url)
    monkeypatch.setenv("ARCHIVE_URL", tmp_path.as_uri())
    assert try_connection(SqlConnection("warehouse")).ok
    assert try_connection(ObjectsConnection("archive")).ok


def test_a_wrong_password_is_a_finding(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://postgres:{PASSWORD}@{server.address}/postgres")
    found = try_connection(SqlConnection("warehouse"))
    assert "password authentication failed" in found.message
    assert PASSWORD not in repr(found)


TEAM = """
from lockgate import Team, connections

SOURCE, ARCHIVE = connections.http("source"), connections.objects("archive")
team = Team("weather")
"""


@pytest.fixture
def team(tmp_path: Path) -> Path:
    folder = tmp_path / "weather"
    folder.mkdir()
    (folder / "assets.py").write_text(TEAM)
    return folder


def test_a_teams_connections_are_tried_in_a_process_of_the_team(team: Path, tmp_path: Path) -> None:
    archive, source = try_connections(team, settings={"ARCHIVE_URL": tmp_path.as_uri(), "SOURCE_URL": ""})
    assert (archive.name, archive.ok, archive.message) == ("archive", True, "Connection archive answers.")
    assert (source.name, source.ok, source.configured) == ("source", False, False)
    assert "SOURCE_URL is not set" in source.message


def test_a_team_that_cannot_be_loaded_is_an_error_in_one_sentence(team: Path) -> None:
    (team / "assets.py").write_text("import nothing_of_that_name")
    with pytest.raises(DefinitionError, match="cannot be imported: ModuleNotFoundError"):
        try_connections(team)


def test_the_doctor_tries_them_with_the_settings_of_the_teams_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "teams" / "weather").mkdir(parents=True)
    (tmp_path / "teams" / "weather" / "assets.py").write_text(TEAM)
    monkeypatch.delenv("SOURCE_URL", raising=False)
    monkeypatch.setenv("WEATHER__ARCHIVE_URL", tmp_path.as_uri())
    archive, source = look_at_connections(tmp_path)
    assert (archive.part, archive.status) == ("connection weather/archive", "ok")
    assert (source.part, source.status) == ("connection weather/source", "warn")
    monkeypatch.setenv("WEATHER__SOURCE_URL", f"http://user:{PASSWORD}@127.0.0.1:1")
    _, source = look_at_connections(tmp_path)
    assert source.status == "fail"
    assert "Connection source does not work" in source.message


def test_declaring_loads_no_prefect() -> None:
    code = "import sys; from lockgate import connections; connections.http('source'); print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

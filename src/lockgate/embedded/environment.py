"""What a child process is given of our own environment: little, by name."""

import os

# Not PYTHONDONTWRITEBYTECODE, with which each start compiles Prefect anew; not the user's PREFECT_ settings.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")


def minimal_environment() -> dict[str, str]:
    """The part of this process's environment that every child may have.

    Returns:
        Search path, home, language, time zone and certificates; no secrets, no settings of Prefect.
    """
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1"}

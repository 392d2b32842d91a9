"""TCP ports on the loopback interface."""

import socket

from lockgate.core.errors import PlatformError, UsageError

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a service could listen on this loopback port now.

    Args:
        port: 1 to 65535.

    Returns:
        False if something listens there.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the services do: a port in TIME_WAIT from the last run is no obstacle to them.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_port(preferred: int | None = None) -> int:
    """A loopback port that is free now.

    Another process may take it before the service does: the caller tries again with a new one.

    Args:
        preferred: The port of the last start, taken if it is free: addresses that others hold stay valid.

    Returns:
        A port number.
    """
    if preferred and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def parse_port(text: str) -> int:
    """The port a user asked for in ``LOCKGATE_PORT``.

    Args:
        text: The setting's value.

    Returns:
        The port number.

    Raises:
        UsageError: If it is no port number.
    """
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise UsageError(f"LOCKGATE_PORT is {text!r}, which is no port number.", cure="Set one from 1 to 65535.")
    return int(text)


def require_free(port: int) -> None:
    """Make sure that nobody listens on the port a user asked for.

    Args:
        port: From `parse_port`.

    Raises:
        PlatformError: If something does.
    """
    if not is_free(port):
        raise PlatformError(
            f"Port {port} of {LOOPBACK} is in use by another program.",
            cure="Set LOCKGATE_PORT to another port, or unset it to have a free one chosen.",
        )

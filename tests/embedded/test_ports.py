"""A port is kept if it can be, and never taken from another program."""

import socket

import pytest

from lockgate.core.errors import PlatformError, UsageError
from lockgate.embedded.ports import choose_port, is_free, parse_port, require_free


def test_the_last_port_is_taken_again_if_it_is_free() -> None:
    port = choose_port()
    assert choose_port(port) == port


def test_a_taken_port_is_left_to_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]
        assert not is_free(port)
        assert choose_port(port) != port
        with pytest.raises(PlatformError, match=f"Port {port} .* is in use by another program. Set LOCKGATE_PORT"):
            require_free(port)


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_is_one_clear_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="no port number"):
        parse_port(text)


def test_a_port_number_is_read() -> None:
    assert parse_port("4200") == 4200

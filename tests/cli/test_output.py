"""What is printed arrives in every encoding, and nothing that is printed ends what goes on."""

import os
import subprocess
import sys

import httpx
import pytest

from lockgate.cli.output import harmless
from lockgate.embedded.environment import never_through_a_proxy

_SCRIPT = """
from lockgate.cli.output import console, errors, print_json, progress, write_in_any_encoding
write_in_any_encoding()
progress("postgres", 1.0)
console.print("✗ café → …")
print_json({"a": "✓"})
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_each_sign_has_a_stand_in_of_its_own(encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", _SCRIPT], env=environment, capture_output=True, check=True)
    told, said = done.stderr.decode(encoding), done.stdout.decode(encoding)
    assert ("✓ postgres" if encoding == "utf-8" else "+ postgres") in told
    assert said.startswith("✗ caf" if encoding == "utf-8" else "x caf")


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "No space left on device"), UnicodeError()], ids=repr)
def test_a_reporter_that_fails_ends_nothing(error: Exception) -> None:
    def report(team: str) -> None:
        raise error

    harmless(report)("weather")


@pytest.mark.parametrize(
    "before", [{}, {"NO_PROXY": "example.org"}, {"no_proxy": "*"}, {"NO_PROXY": "a", "no_proxy": "b"}]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_loopback_is_never_reached_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, before: dict[str, str], host: str
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    never_through_a_proxy(os.environ)
    with httpx.Client() as client:
        direct = client._transport_for_url(httpx.URL(f"http://{host}:4200/api"))
        assert direct is client._transport
        if "*" not in before.values():
            assert client._transport_for_url(httpx.URL("http://elsewhere.example")) is not client._transport
    for value in before.values():
        assert value in os.environ["NO_PROXY"].split(",")

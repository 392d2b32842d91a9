"""Start the source systems: ``python -m demo.source --port 0 --port-file source.port``."""

import argparse
import contextlib
import sys
from pathlib import Path

from demo.source.feeds import Feeds
from demo.source.server import HOST, SourceServer


def announce(server: SourceServer, port_file: Path | None) -> None:
    """Print the server's URL, and write its port where a starting program waits for it."""
    if port_file is not None:
        whole = port_file.with_name(f"{port_file.name}.new")
        whole.write_text(f"{server.server_port}\n")
        whole.replace(port_file)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until interrupted or terminated."""
    parser = argparse.ArgumentParser(prog="python -m demo.source", description=__doc__)
    parser.add_argument("--host", default=HOST, help=f"address to listen on; {HOST} if not given")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--port-file", type=Path, help="file that receives the port once requests are served")
    given = parser.parse_args()
    with SourceServer(given.port, Feeds.load(), given.host) as server, contextlib.suppress(KeyboardInterrupt):
        announce(server, given.port_file)
        server.serve_forever()


if __name__ == "__main__":
    main()

"""A server that speaks S3, for tests: moto's, on a loopback port."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from moto.server import ThreadedMotoServer


@contextmanager
def bucket() -> Iterator[str]:
    """A new bucket; yields the URL of a store in it, which this process's environment leads to."""
    name = f"values-{uuid.uuid4()}"
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    try:
        httpx.put(f"{address}/{name}").raise_for_status()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT", address)
            patch.setenv("AWS_ALLOW_HTTP", "true")
            patch.setenv("AWS_REGION", "us-east-1")
            patch.setenv("AWS_ACCESS_KEY_ID", "tests")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
            yield f"s3://{name}/lockgate"
    finally:
        server.stop()

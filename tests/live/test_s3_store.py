"""The production stack with its store in a bucket: one setting, and each team's credentials in its own file."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lockgate.settings import all_teams
from tests.live.test_drills import flows_on
from tests.stack import NAME, REPOSITORY, Stack, build_image, docker, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
SERVER = f"{NAME}-s3"
IMAGE = "lockgate-test-s3:dev"
DOCKERFILE = """
FROM python:3.12-slim
RUN --mount=type=cache,target=/root/.cache/pip pip install --root-user-action=ignore 'moto[server]>=5'
USER nobody
CMD ["moto_server", "--host", "0.0.0.0"]
"""
SETTINGS = f"""\
AWS_ENDPOINT=http://{SERVER}:5000
AWS_ALLOW_HTTP=true
AWS_REGION=us-east-1
AWS_ACCESS_KEY_ID=tests
AWS_SECRET_ACCESS_KEY=tests
"""


@pytest.fixture
def on_s3(stack: Stack) -> Iterator[Stack]:
    """The stack, begun anew with an empty bucket in each team's reach."""
    stack.call("purge")
    build_image(DOCKERFILE, IMAGE)
    stack = replace(stack, settings={"LOCKGATE_STORE_URL": "s3://values/lockgate"})
    stack.call("create", "--no-build")
    docker("run", "--detach", "--name", SERVER, "--network", f"{NAME}_platform", IMAGE)
    try:
        for team in all_teams(REPOSITORY):
            docker("network", "connect", f"{NAME}_team-{team}", SERVER)
            (stack.secrets / f"{team}.env").write_text(SETTINGS)
        until(lambda: _in_server("put('http://127.0.0.1:5000/values')"), "the bucket is there")
        stack.call("up")
        yield stack
    finally:
        docker("rm", "--force", SERVER, check=False)


def _in_server(call: str) -> str:
    """What the S3 server answers to a request from within its container; "" if nothing."""
    return docker(
        "exec", SERVER, "python", "-c", f"import requests; print(requests.{call}.text, 'ok')", check=False
    ).stdout


def test_a_day_flows_through_four_teams_whose_values_lie_in_a_bucket(on_s3: Stack, day: str) -> None:
    """Runs on a docker pool read and write there too."""
    on_s3.start("flights/planes")
    on_s3.published("flights/planes")
    on_s3.start("weather/observations", day)
    flows_on(on_s3, day)
    until(lambda: "published" in on_s3.outcomes("forecast/delay_model"), "a run in a container of its own published")
    stored = _in_server("get('http://127.0.0.1:5000/values?list-type=2&max-keys=1000')")
    for key in ("weather/observations", "delays/delay_by_weather", "forecast/delay_model"):
        assert f"<Key>lockgate/{key}/" in stored
    assert not docker("exec", f"{NAME}-team-weather-1", "find", "/store", "-type", "f").stdout

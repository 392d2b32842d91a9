"""The Prefect file says what the code says, and drift is refused."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prefect.utilities.templating import apply_values, find_placeholders

from lockgate.core.errors import DefinitionError
from lockgate.core.partitions import Daily, Static
from lockgate.core.schedule import Cron, Every
from lockgate.core.spec import AssetSpec, InputSpec
from lockgate.orchestration.prefect_file import BRACES, check_drift, quoted, render, unquoted

DAILY = Daily("2013-01-01")
OBSERVATIONS = AssetSpec("weather/observations", "c", DAILY)
PLANES = AssetSpec("flights/planes", "c")


def deployment(spec: AssetSpec, *others: AssetSpec) -> dict[str, object]:
    content = yaml.safe_load(render(spec.team, [spec], {other.key: other for other in others}))
    assert content["name"] == spec.team
    assert content["build"] == [{"lockgate.steps.register": {"team": spec.team}}]
    (entry,) = content["deployments"]
    return dict(entry)


def test_a_deployment_is_named_after_the_asset_and_runs_in_the_teams_pool() -> None:
    entry = deployment(OBSERVATIONS)
    assert entry["name"] == "observations"
    assert entry["entrypoint"] == "lockgate.flows.weather"
    assert entry["work_pool"] == {"name": "weather"}
    assert "triggers" not in entry


def test_one_plain_event_trigger_per_input_passes_the_partition_on() -> None:
    reader = AssetSpec("delays/d", "c", DAILY, inputs=(InputSpec(OBSERVATIONS.key, "o"), InputSpec(PLANES.key, "p")))
    (trigger,) = deployment(reader, OBSERVATIONS, PLANES)["triggers"]  # type: ignore[misc, attr-defined]
    assert trigger["match"] == {"prefect.resource.id": "asset://weather/observations"}
    assert trigger["expect"] == ["prefect.asset.materialization.succeeded"]
    assert trigger["parameters"] == {"partition": "{{ event.payload.partition }}"}


def test_a_fan_in_is_started_without_a_partition() -> None:
    reader = AssetSpec("delays/all", "c", inputs=(InputSpec(OBSERVATIONS.key, "o"),))
    (trigger,) = deployment(reader, OBSERVATIONS)["triggers"]  # type: ignore[misc, attr-defined]
    assert trigger["parameters"] == {"partition": ""}


def test_an_input_that_does_not_trigger_has_no_automation() -> None:
    reader = AssetSpec("delays/d", "c", DAILY, inputs=(InputSpec(OBSERVATIONS.key, "o", triggers=False),))
    assert "triggers" not in deployment(reader, OBSERVATIONS)


def test_schedules_by_cron_by_interval_and_one_per_static_partition() -> None:
    cron = AssetSpec("weather/a", "c", schedule=Cron("0 6 * * *", "Europe/Berlin"))
    every = AssetSpec("weather/b", "c", schedule=Every(timedelta(hours=1)))
    static = AssetSpec("weather/c", "c", Static("x", "y"), schedule=Every(timedelta(hours=1)))
    assert deployment(cron)["schedules"] == [{"cron": "0 6 * * *", "timezone": "Europe/Berlin"}]
    assert deployment(every)["schedules"] == [{"interval": 3600.0, "anchor_date": "2001-01-01T00:00:00+00:00"}]
    parameters = [entry["parameters"] for entry in deployment(static)["schedules"]]  # type: ignore[attr-defined]
    assert parameters == [{"partition": "x"}, {"partition": "y"}]


def test_partitions_of_like_names_have_schedules_of_their_own() -> None:
    names = ("eu_west", "eu-west", "EU-west", "eu.west", "eu-WEST")
    entries = deployment(AssetSpec("weather/c", "c", Static(*names), schedule=Every(timedelta(hours=1))))["schedules"]
    assert len({entry["slug"] for entry in entries}) == len(names)  # type: ignore[attr-defined]


BRACED = [
    "{{ prefect.blocks.secret.token }}",
    "{{ $HOME }} and {{HOME}}",
    "{{{ x }}} {{{{ y }}}} {{",
    "all of it: {{ prefect.variables.v }}, {{ team }}, {{ ctx.flow.name }} }}",
    "{{ lockgate-two-braces }}",
    "a single { brace } and a } {",
]


@pytest.mark.parametrize("text", BRACED)
def test_a_text_comes_out_of_prefects_templates_as_it_was(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `prefect deploy` treats it: blocks and variables, the environment, then what the build step answered."""
    monkeypatch.setenv("HOME", "/root")
    quoted_text = quoted(text)
    assert {found.name for found in find_placeholders(quoted_text)} <= {BRACES}
    config = apply_values({"description": quoted_text, "tags": [quoted_text]}, dict(os.environ), remove_notset=False)
    made = apply_values(config, {"team": "weather", BRACES: "{{"}, warn_on_notset=True, skip_prefixes=["ctx."])
    assert made == {"description": text, "tags": [text]}
    assert unquoted(quoted_text) == text


@pytest.mark.parametrize("text", BRACED)
def test_description_and_tags_are_quoted_in_the_file(text: str) -> None:
    entry = deployment(AssetSpec("weather/a", "c", description=text, tags=(text,)))
    assert (entry["description"], entry["tags"]) == (quoted(text), [quoted(text)])


def test_a_file_that_differs_from_the_code_or_is_missing_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "weather"
    folder.mkdir()
    rendered = render("weather", [OBSERVATIONS], {})
    for content in (None, rendered + "# mine\n", "", "{"):
        if content is not None:
            (folder / "prefect.yaml").write_text(content)
        with pytest.raises(DefinitionError, match="lockgate generate weather"):
            check_drift(folder, rendered)
    (folder / "prefect.yaml").write_text(rendered)
    check_drift(folder, rendered)

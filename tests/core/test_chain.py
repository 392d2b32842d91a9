"""The order of a chain, and what a selection on the command line names."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.chain import make_chain, starts_elsewhere
from lockgate.core.errors import DefinitionError, GraphCycle, PartitionMismatch, UsageError
from lockgate.core.job import job_from_json
from lockgate.core.partitions import Daily, Partitions, Static, Unpartitioned
from lockgate.core.schedule import Cron
from lockgate.core.selection import is_several, select
from lockgate.core.spec import AssetSpec, InputSpec
from lockgate.core.team import Team

DAILY, PLACES = Daily("2020-01-01"), Static("north", "south")


def asset(name: str, *reads: str, partitions: Partitions | None = None, team: str = "flights") -> AssetSpec:
    inputs = tuple(InputSpec(f"{team}/{key}", key) for key in reads)
    return AssetSpec(f"{team}/{name}", "c", partitions or Unpartitioned(), inputs)


def order(specs: Sequence[AssetSpec], partition: str = "", **options: str) -> list[tuple[str, str]]:
    return [(link.spec.name, link.partition) for link in make_chain(specs, partition, **options)]


@given(st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=12), st.randoms())
def test_each_comes_after_all_it_reads_whatever_the_order_of_declaration(reads: list[set[int]], random: object) -> None:
    specs = [
        asset(f"a{number}", *(f"a{other}" for other in others if other < number)) for number, others in enumerate(reads)
    ]
    random.shuffle(specs)  # type: ignore[attr-defined]
    done: set[tuple[str, str]] = set()
    for link in make_chain(specs, ""):
        assert {given.key for given in link.spec.inputs} == {key for key, _ in link.after}
        assert set(link.after) <= done
        done.add(link.slice)
    assert len(done) == len(specs)


def test_an_input_outside_the_selection_is_waited_for_by_nobody() -> None:
    (link,) = make_chain([asset("daily", "source")], "")
    assert link.after == ()


def test_slices_meet_partition_by_partition_and_a_fan_in_comes_after_all() -> None:
    specs = [asset("total", "part"), asset("part", "raw", partitions=PLACES), asset("raw", partitions=PLACES)]
    chain = make_chain(specs, "")
    assert {link.slice: set(link.after) for link in chain} == {
        ("flights/raw", "north"): set(),
        ("flights/raw", "south"): set(),
        ("flights/part", "north"): {("flights/raw", "north")},
        ("flights/part", "south"): {("flights/raw", "south")},
        ("flights/total", ""): {("flights/part", "north"), ("flights/part", "south")},
    }
    assert chain[-1].spec.name == "total"


def test_a_partition_is_for_the_partitioned_and_a_day_for_those_that_are_given_none() -> None:
    specs = [asset("planes"), asset("flights", "planes", partitions=DAILY)]
    assert order(specs, "2020-02-01") == [("planes", ""), ("flights", "2020-02-01")]
    assert order(specs, day="2020-02-02") == [("planes", ""), ("flights", "2020-02-02")]
    with pytest.raises(PartitionMismatch, match="flights/flights runs by day"):
        make_chain(specs, "")
    with pytest.raises(PartitionMismatch, match="flights/flights: partition 2019-01-01 lies outside"):
        make_chain(specs, "2019-01-01")


def test_assets_that_depend_on_each_other_are_refused() -> None:
    with pytest.raises(GraphCycle, match="assets depend on themselves: flights/"):
        make_chain([asset("a", "b"), asset("b", "a")], "")


def test_events_start_within_the_team_only_what_the_chain_does_not_run_itself() -> None:
    team = [asset("a"), asset("b", "a"), asset("c", "b")]
    assert not starts_elsewhere("flights/a", ["flights/a", "flights/b"], team)
    assert starts_elsewhere("flights/b", ["flights/a", "flights/b"], team)
    assert not starts_elsewhere("flights/c", [], team)


def test_keys_and_patterns_select_assets_of_one_team_and_a_mark_selects_a_job() -> None:
    specs = [asset("a"), asset("ab"), asset("c"), asset("a", team="weather")]
    registry = {spec.key: spec for spec in specs}
    assert select(["flights/*"], registry).specs == tuple(specs[:3])
    assert select(["flights/c", "flights/a*"], registry).specs == (specs[2], specs[0], specs[1])
    assert select(["flights/c", "flights/c"], registry).specs == (specs[2],)
    assert (select(["flights/@all"], registry).job, select(["weather/*"], registry).job) == (
        "flights/@all",
        "weather/@all",
    )
    assert [is_several(keys) for keys in (["a/b"], ["a/*"], ["a/b", "a/c"], ["a/@b"])] == [False, True, True, True]
    for wrong in (["nobody/*"], ["flights/a", "weather/a"], ["flights/@x", "flights/a"], ["*/a"]):
        with pytest.raises(UsageError):
            select(wrong, registry)


def test_a_team_declares_jobs_of_its_own_assets_and_has_one_of_all() -> None:
    team = Team("flights")

    @team.asset()
    def planes() -> int:
        return 1

    job = team.job("nightly", assets=[planes, "planes"], schedule="0 6 * * *")
    assert (job.deployment, job.assets, job.schedule) == ("@nightly", ("planes", "planes"), Cron("0 6 * * *"))
    assert job_from_json(job.to_json()) == job
    assert (team.job("everything").assets, team.jobs["all"].assets) == ((), ())
    for name, assets in [
        ("nightly", "*"),
        ("all", "*"),
        ("Bad", "*"),
        ("none", []),
        ("x", ["y"]),
        ("x", ["weather/a"]),
    ]:
        with pytest.raises(DefinitionError):
            team.job(name, assets=assets)  # type: ignore[arg-type]

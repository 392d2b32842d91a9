"""How partitions meet: same to same, whole to slice, and all slices to one."""

from tests.running import Live, until


def test_a_published_partition_starts_the_same_partition_of_its_dependent(live: Live, day: str) -> None:
    """One day's trouble is that day's: another day's dependents run."""
    other = live.new_day()
    live.steer("pulse", other, values=[-1])
    good, bad = live.run_all(("alpha/pulse", day), ("alpha/pulse", other))
    assert [good.outcome, bad.outcome] == ["published", "rejected"]
    assert live.started_by_event("beta/echo", day).attempts[0].partition == day
    assert live.runs_of("beta/echo", other) == []


def test_an_unpartitioned_input_is_pinned_by_a_daily_dependent_and_starts_none_of_its_days(
    live: Live, day: str
) -> None:
    """Unless it says so with ``triggers=True``: one new catalogue would start every day there is."""
    live.steer("peeking", day, values=[])
    live.run("alpha/catalogue")
    run = live.run("gamma/peeking", day)
    assert run.attempts[0].inputs == {"alpha/catalogue": live.version("alpha/catalogue")}
    assert "alpha/catalogue -> gamma/peeking" not in {found["name"] for found in live.automations()}


def test_an_unpartitioned_dependent_reads_all_partitions_one_run_at_a_time_with_one_pending(live: Live) -> None:
    """However many partitions arrive, it runs once for what is there and once more for all that came meanwhile."""
    # given a run on the first partition
    live.steer("total", hold=True)
    live.run("alpha/parts", "north")
    live.is_computing("total")

    # when three more arrive
    live.run_all(("alpha/parts", "south"), ("alpha/parts", "east"), ("alpha/parts", "west"))
    live.await_attempts("beta/total", "", 4)
    assert live.calls("total") == 1
    live.let_go("total")

    # then one more run takes them all, and the others are duplicates
    ended = [live.started_by_event("beta/total", number=number) for number in (1, 2, 3, 4)]
    assert sorted(run.outcome or "" for run in ended) == ["duplicate", "duplicate", "published", "published"]
    assert live.calls("total") == 2
    assert live.load("beta/total") == dict.fromkeys(["north", "south", "east", "west"], 3.0)


def test_an_unpartitioned_dependent_is_blocked_while_one_partition_stands_rejected(live: Live) -> None:
    """A sum over all places is wrong if one of them is."""
    live.run("alpha/parts", "north")
    live.steer("parts", "south", values=[-1])
    live.run("alpha/parts", "south")

    blocked = live.run("beta/total", force=True)

    assert blocked.outcome == "blocked"
    assert blocked.message == "alpha/parts [south] stands rejected by parts_are_positive; team alpha owns it"
    live.steer("parts", "south")
    live.run("alpha/parts", "south")
    # The event makes it too; a forced run beside that one would only be its duplicate.
    current = live.version("alpha/parts", "south")
    made = ("published", current)
    until(
        lambda: made in [(one.outcome, one.inputs.get("alpha/parts [south]")) for one in live.attempts("beta/total")],
        "the event has it made from the corrected place",
    )
    assert live.run("beta/total", force=True).outcome == "published"

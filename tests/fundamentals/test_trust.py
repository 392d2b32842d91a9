"""Values between teams: safe formats need no word, a pickle needs the reader's, and no class is taken for another."""

from collections.abc import Iterator

import pytest

from lockgate.store import UntrustedValue
from tests.fundamentals.teams import deploy, write_team
from tests.running import BROKEN, Live

LOOSE = "alpha/loose"
UNTRUSTED = (
    "alpha/loose is a pickle, and reading it would run code of team alpha. Trust that team by"
    ' Input("alpha/loose", trust="pickle"), or let team alpha publish a frame, plain values or arrays'
)
OWN = (
    "alpha/loose is a pickle of assets.Reading, which only team alpha has. Let team alpha publish a frame, plain values"
    " or arrays"
)
PLAIN, PICKLED, OF_ITS_OWN = [1.0, 2.0], [1.0], [1.0, 2.0, 3.0]


@pytest.fixture(autouse=True)
def plain_again(live: Live) -> Iterator[None]:
    """Readers of alpha/loose can be deployed again by other tests."""
    yield
    publish(live, PLAIN)


def publish(live: Live, values: list[float]) -> None:
    """A new version of alpha/loose."""
    live.steer("loose", values=values)
    assert live.run(LOOSE).outcome == "published"


def refused(live: Live, how: str = "") -> str:
    """Why the deploy of a team that reads it is refused, "" if it is not."""
    code = f"""
    from lockgate import Input

    @team.asset(inputs={{"loose": Input("alpha/loose"{how})}})
    def reader(loose):
        return repr(loose)
    """
    write_team(live, code)
    return deploy(live, BROKEN)[BROKEN]


def as_deploys_say(reason: str) -> str:
    return f"delta/reader reads {reason.replace('alpha/loose', 'alpha/loose, which', 1)}."


def test_a_value_in_a_safe_format_needs_no_word(live: Live) -> None:
    publish(live, PLAIN)
    assert live.run("gamma/wary").outcome == "published"
    assert (live.load("gamma/wary"), live.load(LOOSE)) == ("[1.0, 2.0]", PLAIN)
    assert refused(live) == ""


def test_a_pickle_goes_from_team_to_team_only_where_the_reader_says_so(live: Live) -> None:
    """The gate decides before anything is computed, and a deploy is refused with the same words."""
    publish(live, PICKLED)

    blocked = live.run("gamma/wary", force=True)
    assert (blocked.outcome, blocked.message) == ("blocked", UNTRUSTED)
    assert refused(live).endswith(as_deploys_say(UNTRUSTED))
    with pytest.raises(UntrustedValue, match="would run code of team alpha"):
        live.load(LOOSE)

    assert live.run("gamma/trusting").outcome == "published"
    assert live.load("gamma/trusting") == "(1+0j)"
    assert refused(live, ', trust="pickle"') == ""
    assert live.load(LOOSE, trust="pickle") == live.load(LOOSE, login="alpha") == 1 + 0j


def test_a_class_of_the_producers_own_is_read_by_no_other_team_whatever_it_trusts(live: Live) -> None:
    """Two teams may each have a class of one name in a module of one name, with other fields."""
    publish(live, OF_ITS_OWN)

    for reader in ("gamma/wary", "gamma/trusting"):
        blocked = live.run(reader, force=True)
        assert (blocked.outcome, blocked.message) == ("blocked", OWN)
    for how in ("", ', trust="pickle"'):
        assert refused(live, how).endswith(as_deploys_say(OWN))

    live.run("alpha/own_reading")
    assert live.load("alpha/own_reading") == "Reading"

"""Loading several teams: one that hangs holds back those alone that read from it."""

from pathlib import Path

import pytest

from lockgate.core.graph import registrable
from lockgate.core.spec import AssetSpec, InputSpec
from lockgate.orchestration import loads
from lockgate.orchestration.loads import load_plans, start_loading
from lockgate.orchestration.validate import TeamPlan, producers_first

HANGING = "import time\nfrom pathlib import Path\n\nwhile not Path('../../go').exists():\n    time.sleep(0.05)\n"
SOUND = 'from lockgate import Team\n\nteam = Team("sound")\n'


def plan(team: str, *reads: str) -> TeamPlan:
    inputs = tuple(InputSpec(f"{other}/a", other) for other in reads)
    return TeamPlan(team, Path(team), {}, (AssetSpec(f"{team}/a", "c", inputs=inputs),))


def plans(**reads: tuple[str, ...]) -> dict[str, TeamPlan]:
    return {team: plan(team, *others) for team, others in reads.items()}


def test_a_team_comes_after_those_it_reads_from() -> None:
    assert producers_first(plans(c=("b",), b=("a",), a=())) == [("a",), ("b",), ("c",)]


def test_teams_that_read_from_each_other_come_together_and_their_readers_after_them() -> None:
    assert producers_first(plans(a=("b",), b=("a",))) == [("a", "b")]
    known = plans(a=("y", "x"), x=("y", "base"), y=("z",), z=("x",), base=())
    assert producers_first(known) == [("base",), ("x", "y", "z"), ("a",)]


def test_who_reads_from_a_team_that_is_not_loaded_yet_waits_and_nobody_else() -> None:
    known = plans(sound=(), reader=("slow",), second=("reader",), other=("sound",))
    assert producers_first(known, {"slow"}) == [("sound",), ("other",)]


def test_teams_that_hang_give_up_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are loaded at once; two that hang do not keep a third from being loaded."""
    monkeypatch.setattr(loads, "PATIENCE_SECONDS", 0.2)
    for team in ("first", "second", "sound"):
        (tmp_path / "teams" / team).mkdir(parents=True)
        (tmp_path / "teams" / team / "assets.py").write_text(SOUND if team == "sound" else HANGING)
    begun = start_loading(tmp_path, ["first", "second", "sound"])
    try:
        assert isinstance(begun["sound"].result(timeout=300), TeamPlan)
        assert not begun["first"].done()
        assert not begun["second"].done()
    finally:
        (tmp_path / "go").touch()
    assert "declares 0 teams" in str(begun["first"].result())


def test_teams_that_cannot_be_loaded_stand_in_the_result(tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    assert "There is no folder" in str(load_plans(tmp_path, ["nobody"])["nobody"])


def test_what_stands_of_a_team_is_what_has_all_its_inputs() -> None:
    first = AssetSpec("a/first", "c", shared_with=("b",))
    second = AssetSpec("a/second", "c", inputs=(InputSpec("b/between", "x"),))
    third = AssetSpec("a/third", "c", inputs=(InputSpec("a/second", "x"),))
    between = AssetSpec("b/between", "c", inputs=(InputSpec("a/first", "x"),), shared_with=("a",))
    kept_back = AssetSpec("b/between", "c")
    team = (first, second, third)
    assert set(registrable(team, {})) == {"a/first"}
    assert set(registrable(team, {"b/between": kept_back})) == {"a/first"}
    assert set(registrable(team, {"b/between": between})) == {"a/first", "a/second", "a/third"}

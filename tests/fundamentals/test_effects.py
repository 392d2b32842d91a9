"""Effects: assets that return nothing and write elsewhere."""

from tests.running import Live


def test_an_effect_is_held_back_by_the_gate_and_delivered_once_its_inputs_are_good(live: Live, day: str) -> None:
    """Gate, verdicts and hand-off hold for an effect too; nothing is sent from rejected data."""
    file = live.root / "steer" / f"notified [{day}]"
    live.steer("levels", day, values=[-1])
    live.run("alpha/levels", day)
    assert live.run("beta/notify", day).outcome == "blocked"
    assert not file.exists()

    live.steer("levels", day, values=[8])
    live.run("alpha/levels", day)
    delivered = live.started_by_event("beta/notify", day)

    assert delivered.outcome == "published"
    assert live.tasks(delivered)["check was_delivered"] == "Completed"
    assert file.read_text() == "[8]\n"
    assert live.run("beta/notify", day).outcome == "unchanged"
    assert file.read_text() == "[8]\n"

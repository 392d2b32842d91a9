"""The story, act by act. Each sentence marked with a tick was checked, in the ledger and in Prefect's own records."""

from collections import Counter
from collections.abc import Iterable

from demo import show
from demo.evidence import Evidence, Run
from demo.plan import Plan
from demo.running import Running
from lockgate import load
from lockgate.core.gate import Slice, standing
from lockgate.core.keys import label

WEATHER, FLIGHTS, PLANES = "weather/observations", "flights/flights", "flights/planes"
BY_WEATHER, BY_PLANE = "delays/delay_by_weather", "delays/delay_by_plane"
OVER_ALL_DAYS = ("delays/monthly_delays", "forecast/delay_model")
DAILY = (WEATHER, FLIGHTS, BY_WEATHER, BY_PLANE)
EXIT = {"published": 0, "failed": 1, "rejected": 3, "blocked": 4}
BAD = {
    "nulls": "with values missing in every third row",
    "impossible": "with 999 degrees in every third row",
    "duplicates": "with every third row twice",
    "missing_column": "without its rainfall",
    "http_500": "with HTTP 500",
    "truncated": "with a body that breaks off in the middle",
}


class Story:
    """Three good days, two breakages in the order the seed chose, a new day meanwhile, and the mending.

    Args:
        plan: The days and the faults.
        running: The platform, and the source systems to break.
        evidence: What the claims are checked against.
    """

    def __init__(self, plan: Plan, running: Running, evidence: Evidence) -> None:
        self.plan = plan
        self.running = running
        self.evidence = evidence

    def tell(self) -> None:
        """Play all acts.

        Raises:
            ClaimRefuted: If anything turns out otherwise than told.
        """
        show.say("The sweep, which repairs each minute what events lost, is paused: what follows, events do alone.")
        breakages = [self.bad_data, self.failing_source]
        acts = [self.good_days, *(breakages if self.plan.bad_first else breakages[::-1]), self.new_day, self.mending]
        with self.evidence.sweep_paused():
            for number, act in enumerate(acts, 2):
                act(number)

    # -- the acts -----------------------------------------------------------------------------------------

    def good_days(self, number: int) -> None:
        """Three days go through all four teams."""
        show.heading(number, "Three days flow through four teams")
        show.say(f"The script starts the sources: planes, and weather and flights of {_list(self.plan.days)}.")
        self.evidence.start_source(PLANES)
        self.evidence.settle("The registry of planes is fetched")
        self._start_days(self.plan.days)
        slices = self._slices(self.plan.days)
        self._claim_good(f"{len(slices)} values of four teams are published and stand good.", slices)
        self._claim_who_started_what()
        self.running.lockgate("status")

    def bad_data(self, number: int) -> None:
        """A day's weather is fetched again, and is bad; somebody starts its downstream by hand all the same."""
        day, fault = self.plan.bad_day, self.plan.bad_fault
        show.heading(number, f"The weather of {day} goes bad ({fault})")
        show.say(f"The weather service now sends that day {BAD[fault]}. Team weather fetches it again.")
        good, before = load(WEATHER, day), self.evidence.runs()
        self.running.break_source("weather", day, fault)
        rejected = self._run(WEATHER, day, "rejected")
        show.claim(
            f"Exit code {EXIT['rejected']}. Prefect shows the run as Rejected, its failed task as `check contract`, "
            f"and a table of its checks: {self.evidence.ui_url}/runs/flow-run/{rejected.id}",
            rejected.state == "Rejected"
            and self.evidence.tasks(rejected).get("check contract") == "Failed"
            and self.evidence.shows_checks(rejected),
        )
        show.claim(
            f"The last good version is still what lockgate.load returns: version 1, {len(good)} rows, at most "
            f"{good['temp'].max():.0f} °F.",
            self.evidence.number(WEATHER, day) == 1 and load(WEATHER, day).equals(good),
        )
        show.claim(
            "No event announced the bad data, and nothing downstream was started.",
            self.evidence.announced(WEATHER, day) == [1] and len(self.evidence.runs()) == len(before) + 1,
        )
        show.say("Somebody starts the downstream by hand all the same:")
        blocked = self._run(BY_WEATHER, day, "blocked")
        show.claim(
            f"Exit code {EXIT['blocked']}. The run is Blocked: of its steps the gate alone ran.",
            blocked.state == "Blocked" and self.evidence.tasks(blocked) == {"gate": "Completed"},
        )

    def failing_source(self, number: int) -> None:
        """A day's flights are fetched again, and cannot be."""
        day, fault = self.plan.down_day, self.plan.down_fault
        show.heading(number, f"The flights of {day} cannot be fetched ({fault})")
        show.say(f"The flight records service now answers for that day {BAD[fault]}. Team flights tries again.")
        good, before = load(FLIGHTS, day), self.evidence.runs()
        self.running.break_source("flights", day, fault)
        self._run(FLIGHTS, day, "failed")
        show.claim(
            f"Exit code {EXIT['failed']}. Version 1 with its {len(good)} flights stays current; "
            "nothing downstream was started.",
            self.evidence.number(FLIGHTS, day) == 1
            and load(FLIGHTS, day).equals(good)
            and self.evidence.announced(FLIGHTS, day) == [1]
            and len(self.evidence.runs()) == len(before) + 1,
        )

    def new_day(self, number: int) -> None:
        """A fourth day arrives while both are broken."""
        day, bad_day, down_day = self.plan.new_day, self.plan.bad_day, self.plan.down_day
        show.heading(number, f"Meanwhile, {day} arrives")
        show.say("The teams whose data is good go on; the script starts the two sources of the new day.")
        before = {run.id for run in self.evidence.runs()}
        self._start_days([day])
        since = [run for run in self.evidence.runs() if run.id not in before]
        self._claim_good("It went through flights, weather and delays.", [(key, day) for key in DAILY])
        for key in OVER_ALL_DAYS:
            runs = [run for run in since if run.key == key]
            show.claim(
                f"{key} needs every day: events started it too, and it was Blocked.",
                bool(runs) and all(run.state == "Blocked" and run.automation for run in runs),
            )
        show.claim(
            f"Later events have been worked off, and nothing downstream of {bad_day} or {down_day} has run.",
            not any(run.partition in (bad_day, down_day) for run in since)
            and all(self.evidence.number(key, broken) == 1 for key in DAILY for broken in (bad_day, down_day)),
        )
        self.running.lockgate("status")
        self.running.lockgate("why", OVER_ALL_DAYS[-1])

    def mending(self, number: int) -> None:
        """Both sources are mended and fetched again; everything catches up."""
        days = [*self.plan.days, self.plan.new_day]
        show.heading(number, "Both sources are mended")
        show.say("Team weather and team flights fetch their day again; nobody touches any other asset.")
        self.running.mend_sources()
        self._run(WEATHER, self.plan.bad_day, "published")
        self._run(FLIGHTS, self.plan.down_day, "published")
        self.evidence.settle("Everything catches up")
        slices = self._slices(days)
        self._claim_good(f"All {len(slices)} values stand good again.", slices)
        for key, partition in [(BY_WEATHER, self.plan.bad_day), (BY_WEATHER, self.plan.down_day)]:
            show.claim(
                f"{label(key, partition)} was made anew from what was mended: version 2.",
                self.evidence.number(key, partition) == 2 and self.evidence.is_made_of_current(key, partition),
            )
        for key in OVER_ALL_DAYS:
            show.claim(f"{key} was made from all four days.", self.evidence.is_made_of_current(key))
        self._claim_who_started_what()
        self.running.lockgate("status")

    def containers(self) -> None:
        """Where the runs of a team on a docker pool ran: told only of the production stack."""
        show.say("Team forecast chose a docker pool in its folder; its assets are the same as on any other.")
        runs = [run for run in self.evidence.runs() if run.key == OVER_ALL_DAYS[1]]
        places = self.evidence.containers(OVER_ALL_DAYS[1])
        show.claim(
            f"Each of its {len(runs)} runs had a container of its own.",
            self.evidence.pool_type("forecast") == "docker" and len(set(places)) == len(runs) > 0,
        )

    # -- parts of acts ------------------------------------------------------------------------------------

    def _start_days(self, days: Iterable[str]) -> None:
        for day in days:
            for key in (WEATHER, FLIGHTS):
                self.evidence.start_source(key, day)
        self.evidence.settle("The teams work")

    def _run(self, key: str, day: str, outcome: str) -> Run:
        """Run an asset by the command, with the outcome expected; returns its run."""
        before = {run.id for run in self.evidence.runs()}
        code = self.running.lockgate("run", key, "--partition", day, "--wait")
        if code != EXIT[outcome]:
            raise show.ClaimRefuted(f"{label(key, day)} was to be {outcome}; `lockgate run` ended with code {code}.")
        return next(run for run in self.evidence.runs() if run.id not in before and run.key == key)

    def _claim_who_started_what(self) -> None:
        runs = self.evidence.runs()
        automated = [run for run in runs if run.automation]
        by_script = [run for run in runs if not run.automation]
        show.claim(
            f"Automations started all {len(automated)} runs of dependents, as Prefect's events "
            f"`prefect.automation.action.executed` say; the script started {len(by_script)}, "
            f"{self._script_started(by_script)}.",
            all(run.automation and run.automation.endswith(f" -> {run.key}") for run in automated)
            and not any(run.key in self.evidence.sources for run in automated)
            and self.evidence.published_by_automations(),
        )
        show.counts(sorted(Counter(run.automation or "" for run in automated).items()), "runs")

    def _script_started(self, runs: list[Run]) -> str:
        others = [run for run in runs if run.key not in self.evidence.sources]
        if any(run.key != BY_WEATHER or run.state != "Blocked" for run in others):
            raise show.ClaimRefuted(f"The script started more than sources: {_list({run.key for run in others})}.")
        return "all of sources" if not others else "all of sources but the one that was Blocked"

    def _slices(self, days: Iterable[str]) -> list[Slice]:
        return [(key, day) for key in DAILY for day in days] + [(key, "") for key in (PLANES, *OVER_ALL_DAYS)]

    def _claim_good(self, sentence: str, slices: Iterable[Slice]) -> None:
        snapshot = self.evidence.snapshot()
        others = [one for one in slices if not snapshot.head(*one).number or standing(*one, snapshot) != "good"]
        show.claim(sentence, not others, ", ".join(label(*one) for one in others))


def _list(names: Iterable[str]) -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last

"""Random platforms for the gate's property tests: a registry without cycles, and a history of heads over it."""

from hypothesis import strategies as st

from lockgate.core.gate import Head, Rejection, Slice, Snapshot
from lockgate.core.partitions import UNPARTITIONED, Daily, Partitions, Static, Unpartitioned, fit
from lockgate.core.spec import AssetSpec, InputSpec

TEAMS = ("alpha", "beta", "gamma")
DAYS = ("2013-01-01", "2013-01-02")
DAILY = Daily("2013-01-01")


LIST = Static("north", "south")


def slices_of(partitions: Partitions) -> tuple[str, ...]:
    match partitions:
        case Daily():
            return DAYS
        case Static(names=names):
            return names
    return (UNPARTITIONED,)


@st.composite
def registries(draw: st.DrawFn) -> dict[str, AssetSpec]:
    """Up to seven assets of three teams; an asset reads only earlier ones, so there is no cycle."""
    specs: dict[str, AssetSpec] = {}
    for number in range(draw(st.integers(1, 7))):
        team = draw(st.sampled_from(TEAMS))
        partitions = draw(st.sampled_from([Unpartitioned(), DAILY, DAILY, LIST]))
        fitting = [key for key in sorted(specs) if fit(partitions, specs[key].partitions)]
        earlier = draw(st.lists(st.sampled_from(fitting), unique=True, max_size=3)) if fitting else []
        inputs = tuple(
            InputSpec(
                key,
                f"p{i}",
                draw(st.sampled_from(["block", "block", "block", "last_good"])),
                triggers=draw(st.sampled_from([None, None, True, False])),
            )
            for i, key in enumerate(earlier)
        )
        key = f"{team}/a{number}"
        specs[key] = AssetSpec(
            key,
            code_version=draw(st.sampled_from(["c1", "c2"])),
            partitions=partitions,
            inputs=inputs,
            shared_with=tuple(draw(st.sets(st.sampled_from([*TEAMS, "*"]), min_size=0, max_size=2))),
            wants=draw(st.sampled_from(["any", "any", "all"])),
        )
    return specs


@st.composite
def heads_of(draw: st.DrawFn, specs: dict[str, AssetSpec]) -> dict[Slice, Head]:
    heads: dict[Slice, Head] = {}
    for key, spec in specs.items():
        for partition in slices_of(spec.partitions):
            if not draw(st.booleans()) and not draw(st.booleans()):
                continue
            number = draw(st.one_of(st.none(), st.integers(1, 4)))
            judged = draw(st.sampled_from(["published", "published", "rejected"]))
            if number is None:
                judged = draw(st.sampled_from([None, "rejected"]))
            pinned = {
                (given.key, part): draw(st.integers(1, 4))
                for given in spec.inputs
                for part in slices_of(specs[given.key].partitions)
            }
            heads[(key, partition)] = Head(
                key,
                partition,
                judged=judged,
                number=number,
                version_id=None if number is None else len(heads) + 1,
                code_version=draw(st.sampled_from(["c1", "c2"])),
                inputs={} if number is None else pinned,
                failed_checks=("contract",) if judged == "rejected" else (),
                confirmed=draw(st.integers(0, 9)),
                pinned_at=draw(st.integers(0, 9)),
                rejection=Rejection(draw(st.sampled_from(["c1", "c2"])), pinned) if judged == "rejected" else None,
            )
    return heads


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Snapshot, str, str]:
    """A snapshot, and the asset and partition to decide on."""
    specs = draw(registries())
    key = draw(st.sampled_from(sorted(specs)))
    partition = draw(st.sampled_from(slices_of(specs[key].partitions)))
    return Snapshot(specs, draw(heads_of(specs))), key, partition

import yaml

from lockgate import Team
from lockgate.core.spec import AssetSpec
from lockgate.orchestration.compose_file import agreed_producers, render


def specs(team: Team) -> list[AssetSpec]:
    return [asset.spec("code") for asset in team.assets.values()]


def test_a_store_is_mounted_where_both_sides_agreed_and_nowhere_else() -> None:
    """Declared but not shared, or shared but not declared, is no agreement."""
    alpha, beta, gamma = Team("alpha"), Team("beta"), Team("gamma")

    @alpha.asset(shared_with=["gamma"])
    def shared() -> int:
        return 1

    @beta.asset()
    def private() -> int:
        return 1

    @gamma.asset(inputs={"one": "alpha/shared", "two": "beta/private"})
    def ours(one: int, two: int) -> int:
        return one + two

    known = {spec.key: spec for team in (alpha, beta, gamma) for spec in specs(team)}
    assert agreed_producers(specs(gamma), known) == ["alpha"]
    assert agreed_producers(specs(alpha), known) == []


def test_a_workers_container_writes_to_its_own_store_alone() -> None:
    services = yaml.safe_load(render("gamma", "warm-process", 4, ["alpha"]))["services"]
    assert services["team-gamma"]["volumes"] == ["store-gamma:/store/gamma", "store-alpha:/store/alpha:ro"]
    assert services["team-gamma"]["networks"] == ["team-gamma"]


def test_the_worker_that_holds_dockers_socket_holds_nothing_of_the_team() -> None:
    services = yaml.safe_load(render("gamma", "docker", 4, ["alpha"]))["services"]
    worker = services["team-gamma"]
    assert worker["extends"]["service"] == "docker-worker"
    assert worker["secrets"] == ["api"]
    assert not worker.keys() & {"image", "volumes"}

"""Telling the world of a published version: the event that starts its dependents."""

from prefect.events import Event, get_events_client
from prefect.events.schemas.events import RelatedResource, Resource

from lockgate.core.keys import event_resource
from lockgate.ledger import Ledger, Operator
from lockgate.orchestration.notes import Note, by_itself
from lockgate.orchestration.prefect_file import BY_ASSET, MATERIALIZED
from lockgate.orchestration.threads import in_thread

GRACE_SECONDS = 30.0
MAX_A_ROUND = 100


async def announce(ledger: Ledger, key: str, partition: str, number: int, version_id: int) -> None:
    """Send the event of a published version, then note that it was sent.

    Args:
        ledger: With the login of the owner or of the platform.
        key: The asset.
        partition: Its partition.
        number: The version's number.
        version_id: The ledger's id of it.
    """
    event = Event(
        event=MATERIALIZED,
        resource=Resource({"prefect.resource.id": event_resource(key)}),
        related=[RelatedResource({"prefect.resource.id": BY_ASSET, "prefect.resource.role": "asset-materialized-by"})],
        payload={"partition": partition, "version": number},
    )
    async with get_events_client() as events:
        await events.emit(event)
    await in_thread(lambda: ledger.announced(version_id))


async def announce_forgotten(ledger: Operator) -> list[Note]:
    """Announce current versions whose run ended between its commit and its event."""
    notes: list[Note] = []
    for version in await in_thread(lambda: ledger.unannounced(GRACE_SECONDS, MAX_A_ROUND)):
        with by_itself(notes, version.asset, version.partition):
            await announce(ledger, version.asset, version.partition, version.number, version.version_id)
            notes.append(Note(version.asset, version.partition, "announced"))
    return notes

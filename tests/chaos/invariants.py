"""What must hold of a ledger whatever was killed, asked of its tables, without the code that keeps it so."""

from typing import Any

import psycopg

# What each query finds must never be, at any moment.
ALWAYS = {
    "published without all its checks passed": """
        select v.asset, v.partition, v.number from versions as v join verdicts using (attempt)
        where v.number is not null and severity = 'error' and passed is not true
    """,
    "made from what was never published": """
        select inputs.* from inputs join versions on versions.id = inputs.version where versions.number is null
    """,
    # After a rollback the same work may be wanted again.
    "the same work published twice": """
        select asset, partition, slot, array_agg(id) as attempts from attempts
        where outcome = 'published' and exists (select from inputs where attempt = attempts.id)
            and not exists (
                select from versions
                where (asset, partition) = (attempts.asset, attempts.partition) and restores is not null
            )
        group by asset, partition, slot having count(*) > 1
    """,
    "a rollback undone by what began before it": """
        select late.asset, late.partition, late.number from versions as restored
        join versions as late using (asset, partition)
        join attempts on attempts.id = late.attempt
        where restored.restores is not null and late.restores is null and late.number > restored.number
            and attempts.slot is not null and attempts.began_at < restored.published_at and late.partition <> ''
    """,
    "withdrawn and yet current": """
        select heads.* from heads join versions on versions.id = heads.current where withdrawn_at is not null
    """,
    "current, but not the newest that was published": """
        select asset, partition, heads.number, max(versions.number) from heads
        join versions using (asset, partition) group by asset, partition, heads.number
        having heads.number is distinct from max(versions.number)
    """,
}

# What each query finds must not be left once nothing runs any more.
AT_REST = {
    "under way though nothing runs": """
        select id, asset, partition from attempts where outcome is null
        union select attempt, asset, partition from claims
    """,
}

# Nor this, where all that was made last was good.
ALL_GOOD = {
    "made from other versions than the current ones of its inputs": """
        select mine.asset, mine.partition, inputs.asset, inputs.number, theirs.number as newer
        from heads as mine
        join versions on versions.id = mine.current
        join inputs on inputs.attempt = versions.attempt
        join heads as theirs on (theirs.asset, theirs.partition) = (inputs.asset, inputs.partition)
        where theirs.current <> inputs.version
    """,
    "a dependent that was never made": """
        select asset_inputs.asset, heads.partition from asset_inputs
        join assets on assets.key = asset_inputs.asset and assets.active
        join heads on heads.asset = asset_inputs.input and heads.current is not null
        where not exists (
            select from heads as mine where mine.asset = asset_inputs.asset and mine.current is not null
                and mine.partition in (heads.partition, '')
        )
    """,
}


def broken(ledger: psycopg.Connection[Any], *wanted: dict[str, str]) -> dict[str, list[Any]]:
    """What is not as it must be: per invariant that does not hold, the rows that show it.

    Args:
        ledger: A superuser's connection, its search path the ledger's schema.
        wanted: Of ``AT_REST`` and ``ALL_GOOD``, beside ``ALWAYS``.
    """
    queries = {name: query for group in (ALWAYS, *wanted) for name, query in group.items()}
    found = {name: ledger.execute(query).fetchall() for name, query in queries.items()}
    return {name: rows for name, rows in found.items() if rows}

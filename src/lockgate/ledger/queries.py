"""The longer reads of ``Ledger``, each one statement."""

STATUS = """
    select assets.key as asset, heads.partition, last.outcome, heads.number as version,
        versions.published_at, versions.rows,
        (select jsonb_agg(to_jsonb(verdicts) - 'attempt' - 'waiver'
                          || jsonb_build_object('waived', waiver is not null) order by verdicts.name)
         from lockgate.verdicts where verdicts.attempt = heads.judged_by and verdicts.passed is not null) as checks
    from lockgate.assets
    left join lockgate.heads on heads.asset = assets.key
    left join lockgate.versions on versions.id = heads.current
    left join lateral (
        select outcome from lockgate.attempts
        where attempts.asset = heads.asset and attempts.partition = heads.partition and outcome <> 'duplicate'
        order by attempts.id desc limit 1
    ) as last on true
    where assets.active order by assets.key, heads.partition
"""

# Of an asset, the slice judged last; of a slice, the attempt that its head stands on.
JUDGED = """
    select judged_by from lockgate.heads
    where asset = %s and partition = coalesce(%s, partition) and judged_by is not null
    order by judged_by desc limit 1
"""

ACTIVITY = """
    select slice.asset, slice.partition, judge.settled_at as judged_at, versions.published_at,
        last.outcome, last.settled_at as finished_at,
        coalesce(case when last.outcome in ('failed', 'cancelled')
            then lockgate.history(last.id, null, null, null, 1) -> 0 -> 'reason' ->> 'why' end, '') as why,
        (select min(began_at) from lockgate.claims join lockgate.attempts on attempts.id = claims.attempt
         where claims.asset = slice.asset and claims.partition = slice.partition
            and claims.expires > clock_timestamp()) as running_since,
        array(select name from lockgate.verdicts where attempt = heads.judged_by and waiver is not null
              order by name) as waived
    from unnest(%s::text[], %s::text[]) as slice (asset, partition)
    left join lockgate.heads using (asset, partition)
    left join lockgate.attempts as judge on judge.id = heads.judged_by
    left join lockgate.versions on versions.id = heads.current
    left join lateral (
        select id, outcome, settled_at from lockgate.attempts
        where attempts.asset = slice.asset and attempts.partition = slice.partition
            and outcome is not null and outcome <> 'duplicate'
        order by attempts.id desc limit 1
    ) as last on true
"""

VERSIONS = """
    select partition, number, rows, published_at, withdrawn_at, restores, why
    from lockgate.versions where asset = %s and partition = coalesce(%s, partition) and number is not null
    order by id desc limit %s
"""

STAGED = """
    select location, size, rows from lockgate.versions
    where attempt = %s and restores is null and location is not null and collected_at is null
"""

# One of each asset is enough.
PICKLED = """
    select distinct on (heads.asset) heads.asset, heads.partition, substring(location from '[^/]*$') as file
    from lockgate.heads join lockgate.versions on versions.id = heads.current
    where heads.asset = any (%s::text[]) and location ~ '\\.(pickle|joblib)$'
    order by heads.asset, versions.id desc
"""

-- As before, and what was cancelled.

create or replace function progress() returns jsonb
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    with later as (
        select attempts.* from heads
        left join versions on versions.id = heads.current
        join attempts on attempts.asset = heads.asset and attempts.partition = heads.partition
            and attempts.id > coalesce(versions.attempt, 0)
        where attempts.outcome in ('published', 'rejected', 'failed', 'superseded', 'cancelled')
    ), pinned as (
        select later.id, jsonb_agg(inputs.version order by inputs.version) as pins
        from later
        join inputs on inputs.attempt = later.id
        join heads on heads.asset = inputs.asset and heads.partition = inputs.partition
        group by later.id having bool_and(heads.current = inputs.version)
    )
    select jsonb_build_object(
        'tried', coalesce((
            select jsonb_agg(jsonb_build_object(
                'asset', asset, 'partition', partition, 'code_version', code_version, 'pins', pins,
                'outcomes', outcomes, 'idle', idle, 'declined', exists (
                    select from declined
                    where declined.asset = tried.asset and declined.partition = tried.partition
                        and declined.slot = tried.slot
                )
            ))
            from (
                select asset, partition, slot, code_version, pins, jsonb_agg(outcome) as outcomes,
                    extract(epoch from clock_timestamp() - max(settled_at)) as idle
                from later join pinned using (id) group by asset, partition, slot, code_version, pins
            ) as tried
        ), '[]'),
        'claimed', coalesce((
            select jsonb_agg(jsonb_build_array(asset, partition)) from claims where expires > clock_timestamp()
        ), '[]')
    )
$$;

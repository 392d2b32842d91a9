-- What people and the sweep ask: outcomes and standing facts, without locations or examples.

-- What became of the attempts on what is current now, by slice, pins and code; and which slices are being worked on.
create function progress() returns jsonb
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    with pinned as (
        select attempts.id, attempts.asset, attempts.partition, attempts.slot, attempts.code_version, attempts.outcome,
            (select jsonb_agg(inputs.version order by inputs.version) from inputs where inputs.attempt = attempts.id) as pins
        from attempts
        where outcome in ('published', 'rejected', 'failed', 'superseded') and not exists (
            select from inputs join heads on heads.asset = inputs.asset and heads.partition = inputs.partition
            where inputs.attempt = attempts.id and heads.current is distinct from inputs.version
        )
    )
    select jsonb_build_object(
        'tried', coalesce((
            select jsonb_agg(jsonb_build_object(
                'asset', asset, 'partition', partition, 'code_version', code_version, 'pins', pins,
                'outcomes', outcomes, 'declined', exists (
                    select from declined
                    where declined.asset = tried.asset and declined.partition = tried.partition
                        and declined.slot = tried.slot
                )
            ))
            from (
                select asset, partition, slot, code_version, pins, jsonb_agg(outcome) as outcomes
                from pinned where pins is not null group by asset, partition, slot, code_version, pins
            ) as tried
        ), '[]'),
        'claimed', coalesce((
            select jsonb_agg(jsonb_build_array(asset, partition)) from claims where expires > clock_timestamp()
        ), '[]')
    )
$$;

-- The reason of an attempt may quote its code's error, so only its own team and the platform see it.
create function sees_reason(p_asset text) returns boolean
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select owns(p_asset) or session_user = 'lockgate_platform'
$$;

create function history(p_id bigint, p_flow_run_id text, p_asset text, p_partition text, p_limit integer) returns jsonb
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'attempt', found.id, 'asset', found.asset, 'partition', found.partition, 'outcome', found.outcome,
        'version', versions.number, 'flow_run_id', found.flow_run_id,
        'holder', found.holder,
        'inputs', (
            select coalesce(jsonb_object_agg(label(asset, partition), number), '{}')
            from inputs where inputs.attempt = found.id
        ),
        'reason', case when true
            -- guard: private_reason
            and sees_reason(found.asset)
            -- end guard
            then found.reason else '{}' end,
        'started_at', found.began_at, 'finished_at', found.settled_at
    ) order by found.id desc), '[]')
    from (
        select * from attempts
        where (p_id is null or attempts.id = p_id)
            and (p_flow_run_id is null or attempts.flow_run_id = p_flow_run_id)
            and (p_asset is null or attempts.asset = p_asset)
            and (p_partition is null or attempts.partition = p_partition)
        order by attempts.id desc limit p_limit
    ) as found
    left join versions on versions.attempt = found.id and versions.restores is null
$$;

-- The gate sees the name of the file that a version lies in, which tells its format; never where that is.

create or replace function describe_head(p_head heads) returns jsonb
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select jsonb_build_object(
        'asset', p_head.asset,
        'partition', p_head.partition,
        'judged', p_head.judged,
        'number', p_head.number,
        'version_id', p_head.current,
        'code_version', maker.code_version,
        'inputs', coalesce((
            select jsonb_agg(jsonb_build_array(asset, partition, number)) from inputs where attempt = maker.id
        ), '[]'),
        'failed_checks', to_jsonb(p_head.failed_checks),
        'confirmed', p_head.confirmed,
        'pinned_at', coalesce(maker.pinned_at, 0),
        'file', coalesce(substring(versions.location from '[^/]*$'), '')
    )
    from (select) as always
    left join versions on versions.id = p_head.current
    left join attempts as maker on maker.id = versions.attempt
$$;

-- What the gate decides on: registry and heads of an asset and all its ancestors, read in one statement.
-- Standing facts only, for every team, since a rejection far above concerns it too; never a location.

create function describe_head(p_head heads) returns jsonb
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
        'pinned_at', coalesce(maker.pinned_at, 0)
    )
    from (select) as always
    left join versions on versions.id = p_head.current
    left join attempts as maker on maker.id = versions.attempt
$$;

create function snapshot(p_asset text, p_partition text) returns jsonb
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    with recursive above (key) as (
        select key from assets where active and (p_asset is null or key = p_asset)
        union
        select source.key from above
        join asset_inputs on asset_inputs.asset = above.key
        join assets as source on source.key = asset_inputs.input and source.active
    ), every as (
        -- One partition is enough unless an ancestor reads all partitions of another.
        select p_partition is null or bool_or(fans_in(key)) as partitions from above
    )
    select jsonb_build_object(
        'assets', coalesce((select jsonb_agg(assets.spec) from assets join above using (key)), '[]'),
        'heads', coalesce((
            select jsonb_agg(describe_head(heads)) from (
                -- Apart, so that the usual one looks up two rows per asset, however many partitions there are;
                -- "offset 0" keeps the planner from reading the heads of all assets at once instead.
                select one.heads from above cross join lateral (
                    select heads from heads where asset = above.key and partition in (p_partition, '') offset 0
                ) as one
                where not (select partitions from every)
                union all
                select heads from above join heads on heads.asset = above.key where (select partitions from every)
            ) as mattering (heads)
        ), '[]')
    )
$$;

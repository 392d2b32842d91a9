-- As before, and with what dropped inputs stand like: a version that was made from one stands on it still.
create or replace function snapshot(p_asset text, p_partition text) returns jsonb
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    with recursive above (key) as (
        select key from assets where active and (p_asset is null or key = p_asset)
        union
        select source.key from above
        cross join lateral (
            select input, false as dropped from asset_inputs where asset = above.key
            union all
            select input, true from dropped_inputs where asset = above.key
        ) as given
        join assets as source on source.key = given.input and (source.active or given.dropped)
    ), every as (
        -- One partition is enough unless an ancestor reads all partitions of another.
        select p_partition is null or bool_or(fans_in(key)) as partitions from above
    )
    select jsonb_build_object(
        'assets', coalesce((
            select jsonb_agg(assets.spec) from assets join above using (key) where assets.active
        ), '[]'),
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

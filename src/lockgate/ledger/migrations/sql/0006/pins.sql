-- As before, without the partitions that an asset no longer has: narrowed, or partitioned otherwise.
create or replace function slices_read(p_own assets, p_partition text)
returns table (asset text, partition text, fan_in boolean)
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select input, case when is_whole(source.partitions) then '' else p_partition end, false
    from asset_inputs join assets as source on source.key = input
    where asset_inputs.asset = p_own.key and (is_whole(source.partitions) or not is_whole(p_own.partitions))
    union all
    select input, heads.partition, true
    from asset_inputs join assets as source on source.key = input
    join heads on heads.asset = input and heads.current is not null
    where asset_inputs.asset = p_own.key and not is_whole(source.partitions) and is_whole(p_own.partitions)
        and has_partition(source.partitions, heads.partition)
$$;

-- What stands rejected is not judged again on the same inputs and code, unless a person forces it or waives the checks.

-- Whether all checks that the last judged attempt failed are waived at this moment.
create function is_waived(p_head heads) returns boolean
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select not exists (
        select from unnest(p_head.failed_checks) as failed
        where not exists (
            select from waivers
            where asset = p_head.asset and partition = p_head.partition and name = failed and until > clock_timestamp()
        )
    )
$$;

-- What the rejected attempt was made from.
create function rejection_of(p_head heads) returns jsonb
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select jsonb_build_object(
        'code_version', attempts.code_version,
        'inputs', coalesce((
            select jsonb_agg(jsonb_build_array(asset, partition, number)) from inputs where attempt = attempts.id
        ), '[]'),
        'waived', is_waived(p_head)
    )
    from attempts where id = p_head.judged_by and p_head.judged = 'rejected'
$$;

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
        'file', coalesce(substring(versions.location from '[^/]*$'), ''),
        'rejection', case p_head.judged when 'rejected' then rejection_of(p_head) end
    )
    from (select) as always
    left join versions on versions.id = p_head.current
    left join attempts as maker on maker.id = versions.attempt
$$;

-- As before, and behind all others the attempt that was rejected on the same pins with the same code.
create or replace function rival_of(p_head heads, p_lane text, p_slot text, p_mine bigint, p_forced boolean)
returns attempts
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select rival.* from (
        select claims.attempt as id, case claims.slot when 'pending' then 1 else 2 end as rank
        from claims
        where asset = p_head.asset and partition = p_head.partition and slot in (p_lane, 'pending')
            and attempt is distinct from p_mine
        union all
        select versions.attempt, 3 from versions join attempts on attempts.id = versions.attempt
        where versions.id = p_head.current and p_head.judged = 'published' and p_forced is not true
            and attempts.slot = p_slot and exists (select from inputs where inputs.attempt = attempts.id)
        union all
        select attempts.id, 4 from attempts
        where attempts.id = p_head.judged_by and p_head.judged = 'rejected' and p_forced is not true
            and attempts.slot = p_slot and exists (select from inputs where inputs.attempt = attempts.id)
            and not is_waived(p_head)
    ) as candidates
    join attempts as rival on rival.id = candidates.id
    order by rank limit 1
$$;

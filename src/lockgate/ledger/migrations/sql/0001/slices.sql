-- Partitions, and the lock of a slice.

create function is_day(p_text text) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select case
        when p_text ~ '^[1-9]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$' then
            right(p_text, 2)::int <= extract(day from
                make_date(left(p_text, 4)::int, substr(p_text, 6, 2)::int, 1) + interval '1 month - 1 day')
        else false
    end
$$;

create function has_partition(p_partitions jsonb, p_partition text) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select coalesce(case p_partitions ->> 'kind'
        when 'none' then p_partition = ''
        when 'static' then p_partitions -> 'names' ? p_partition
        when 'daily' then is_day(p_partition)
            and p_partition >= p_partitions ->> 'start'
            and p_partition <= coalesce(p_partitions ->> 'end', p_partition)
    end, false)
$$;

create function is_whole(p_partitions jsonb) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select p_partitions ->> 'kind' = 'none'
$$;

-- Whether a dependent with these partitions can read an input with those.
create function fits(p_dependent jsonb, p_source jsonb) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select is_whole(p_dependent) or is_whole(p_source)
        or (p_dependent ->> 'kind' = p_source ->> 'kind'
            and (p_dependent ->> 'kind' = 'daily' or p_dependent -> 'names' = p_source -> 'names'))
$$;

-- Whether an asset sees all published partitions of an input at once.
create function fans_in(p_asset text) returns boolean
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select exists (
        select from assets as dependent
        join asset_inputs on asset_inputs.asset = dependent.key
        join assets as source on source.key = asset_inputs.input
        where dependent.key = p_asset and is_whole(dependent.partitions) and not is_whole(source.partitions)
    )
$$;

create function require_partition(p_own assets, p_partition text) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    -- guard: partition
    if not has_partition(p_own.partitions, p_partition) then
        perform refuse('LG003', format('%s has no partition %L.', p_own.key, p_partition), p_own.key,
                       'Choose one of its partitions, or widen them and deploy.');
    end if;
    -- end guard
end
$$;

-- The head of a slice, locked until the transaction ends: one writer per slice at a time.
create function lock_head(p_asset text, p_partition text) returns heads
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    head heads;
begin
    insert into heads (asset, partition) values (p_asset, p_partition) on conflict do nothing;
    select * into head from heads where asset = p_asset and partition = p_partition for no key update;
    return head;
end
$$;

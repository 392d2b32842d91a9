-- The inputs of an attempt: which versions it must name, and whether they may still be used.

-- Two attempts with the same pins and the same code would make the same value.
create function slot_of(p_pins jsonb, p_code_version text) returns text
language sql immutable set search_path = lockgate, pg_temp
as $$
    select encode(sha256(convert_to(p_code_version || coalesce(string_agg(
        format(E'\n%s %s %s', pin ->> 'asset', pin ->> 'partition', pin ->> 'version_id'), ''
        order by pin ->> 'asset', pin ->> 'partition'), ''), 'UTF8')), 'hex')
    from jsonb_array_elements(p_pins) as pin
$$;

-- The slices a run reads: the same partition, the whole, or all published partitions.
create function slices_read(p_own assets, p_partition text) returns table (asset text, partition text, fan_in boolean)
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
$$;

create function check_pins(p_own assets, p_partition text, p_pins jsonb) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    here text := label(p_own.key, p_partition);
    wrong record;
begin
    select coalesce(pin.asset, read.asset) as asset, coalesce(pin.partition, read.partition) as partition into wrong
    from slices_read(p_own, p_partition) as read
    full join jsonb_to_recordset(p_pins) as pin (asset text, partition text)
        on pin.asset = read.asset and pin.partition = read.partition
    where read.asset is null or (pin.asset is null and not read.fan_in)
    union all
    select input, '' from asset_inputs
    where asset_inputs.asset = p_own.key
        and not exists (select from jsonb_to_recordset(p_pins) as pin (asset text) where pin.asset = input);
    -- guard: exact_pins
    if found then
        perform refuse('LG010', format('%s cannot begin: its pins and its registered inputs differ in %s.',
                       here, label(wrong.asset, wrong.partition)), p_own.key, 'Pin what the gate says.');
    end if;
    -- end guard
    select read.asset, read.partition into wrong from slices_read(p_own, p_partition) as read
    where read.fan_in and not exists (
        select from jsonb_to_recordset(p_pins) as pin (asset text, partition text)
        where pin.asset = read.asset and pin.partition = read.partition
    );
    -- guard: all_partitions
    if found then
        perform refuse('LG005', format('%s cannot begin: %s was published meanwhile.',
                       here, label(wrong.asset, wrong.partition)), p_own.key, 'Ask the gate again.');
    end if;
    -- end guard
    select pin.asset, pin.partition into wrong
    from jsonb_to_recordset(p_pins) as pin (asset text, partition text, version_id bigint)
    left join versions on versions.id = pin.version_id and versions.asset = pin.asset
        and versions.partition = pin.partition
    where versions.number is null;
    -- guard: published_input
    if found then
        perform refuse('LG010', format('%s cannot begin: the pinned version of %s is not published.',
                       here, label(wrong.asset, wrong.partition)), p_own.key, 'Pin a published version.');
    end if;
    -- end guard
end
$$;

-- Looked at when the attempt begins and again when it publishes. p_withdrawn: what to answer if an input is withdrawn,
-- which at the beginning only means to ask the gate again.
create function check_inputs(p_mine attempts, p_withdrawn text default 'LG010') returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    here text := label(p_mine.asset, p_mine.partition);
    wrong record;
begin
    select inputs.asset, inputs.partition, inputs.number into wrong from inputs
    join versions on versions.id = inputs.version
    where inputs.attempt = p_mine.id and versions.withdrawn_at is not null;
    -- guard: withdrawn_input
    if found then
        perform refuse(p_withdrawn, format('%s: its input %s number %s was withdrawn.',
                       here, label(wrong.asset, wrong.partition), wrong.number), p_mine.asset,
                       'Run it again, on the current version.');
    end if;
    -- end guard
    select inputs.asset into wrong from inputs where inputs.attempt = p_mine.id and not may_read(inputs.asset);
    -- guard: unshared_input
    if found then
        perform refuse('LG010', format('%s: its input %s is not shared with team %s.', here, wrong.asset, me()),
                       p_mine.asset, format('Let team %s add "%s" to its shared_with and deploy.',
                                            split_part(wrong.asset, '/', 1), me()));
    end if;
    -- end guard
end
$$;

-- Claims a slice for an attempt on exactly these pins with exactly this code.
-- Outcomes: begun; duplicate, naming the attempt that does or did the same; queued, for an asset that reads all
-- partitions of an input while it runs already: call again with fresh pins, attempt and token until it is its turn.

create function begin(
    p_asset text, p_partition text, p_code_version text, p_flow_run_id text, p_pins jsonb, p_forced boolean,
    p_lease_seconds double precision, p_attempt bigint default null, p_token bigint default null
) returns jsonb
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    own assets := own_asset(p_asset);
    here text := slot_of(p_pins, p_code_version);
    lane text := case when fans_in(p_asset) then 'running' else slot_of(p_pins, p_code_version) end;
    head heads;
    mine attempts;
    rival attempts;
begin
    perform require_deployed(own, p_code_version);
    perform require_partition(own, p_partition);
    head := lock_head(p_asset, p_partition);
    perform check_pins(own, p_partition, p_pins);
    if p_attempt is not null then
        mine := own_queued(p_attempt, p_token, p_asset, p_partition);
    end if;
    perform end_expired(p_asset, p_partition, array[lane, 'pending'], mine.id);

    rival := rival_of(head, lane, here, mine.id, p_forced);
    if rival.id is not null and (lane <> 'running' or rival.slot is null or rival.slot = here) then
        return end_duplicate(own, p_partition, p_flow_run_id, mine, rival, here);
    end if;
    mine := claim(own, p_partition, p_flow_run_id, mine, case when rival.id is null then lane else 'pending' end,
                  p_lease_seconds);
    if rival.id is not null then
        return describe_begun(mine, 'queued', rival.flow_run_id);
    end if;
    perform start_attempt(mine, head, p_pins, here, p_forced);
    return describe_begun(mine, 'begun', null);
end
$$;

create function describe_begun(p_mine attempts, p_outcome text, p_holder text) returns jsonb
language sql immutable set search_path = lockgate, pg_temp
as $$
    select jsonb_build_object('attempt', p_mine.id, 'token', p_mine.token, 'outcome', p_outcome, 'holder', p_holder)
$$;

create function require_deployed(p_own assets, p_code_version text) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    -- guard: active
    if not p_own.active then
        perform refuse('LG003', format('%s is no longer deployed.', p_own.key), p_own.key,
                       format('Run: lockgate deploy %s', p_own.team));
    end if;
    -- end guard
    -- guard: code
    if p_own.code_version is distinct from p_code_version then
        perform refuse('LG004', format('%s: the code differs from what is deployed.', p_own.key), p_own.key,
                       format('Run: lockgate deploy %s', p_own.team));
    end if;
    -- end guard
end
$$;

create function own_queued(p_attempt bigint, p_token bigint, p_asset text, p_partition text) returns attempts
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts := own_attempt(p_attempt, p_token);
begin
    -- guard: queued
    if not exists (
        select from claims
        where attempt = mine.id and asset = p_asset and partition = p_partition and slot = 'pending'
    ) then
        perform refuse('LG006', format('%s: attempt %s does not wait for its turn any more.',
                       label(p_asset, p_partition), mine.id), mine.asset, 'Run it again.');
    end if;
    -- end guard
    return mine;
end
$$;

-- Takes over from holders that gave no sign of life in time.
create function end_expired(p_asset text, p_partition text, p_slots text[], p_except bigint) returns void
language sql security definer set search_path = lockgate, pg_temp
as $$
    select settle_attempt(attempt, 'failed', '{"why": "its lease ran out"}') from claims
    where asset = p_asset and partition = p_partition and slot = any (p_slots)
        and attempt is distinct from p_except and expires <= clock_timestamp()
$$;

-- The attempt that stands in the way: one waiting for its turn, one under way in the same lane, or the one that
-- made the current version from the same pins with the same code since the caller asked the gate.
create function rival_of(p_head heads, p_lane text, p_slot text, p_mine bigint, p_forced boolean) returns attempts
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
    ) as candidates
    join attempts as rival on rival.id = candidates.id
    order by rank limit 1
$$;

create function end_duplicate(
    p_own assets, p_partition text, p_flow_run_id text, p_mine attempts, p_rival attempts, p_slot text
) returns jsonb
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    if p_mine.id is null then
        insert into attempts (asset, partition, code_version, flow_run_id, slot)
        values (p_own.key, p_partition, p_own.code_version, p_flow_run_id, p_slot) returning * into p_mine;
    end if;
    perform settle_attempt(p_mine.id, 'duplicate', '{}', p_rival.id);
    return describe_begun(p_mine, 'duplicate', p_rival.flow_run_id);
end
$$;

-- A new attempt with its claim, or the waiting one with its claim moved or renewed.
create function claim(
    p_own assets, p_partition text, p_flow_run_id text, p_mine attempts, p_slot text, p_lease_seconds double precision
) returns attempts
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    if p_mine.id is null then
        insert into attempts (asset, partition, code_version, flow_run_id)
        values (p_own.key, p_partition, p_own.code_version, p_flow_run_id) returning * into p_mine;
        insert into claims (asset, partition, slot, attempt, expires)
        values (p_own.key, p_partition, p_slot, p_mine.id, lease_end(p_lease_seconds));
    else
        update claims set slot = p_slot, expires = lease_end(p_lease_seconds) where attempt = p_mine.id;
    end if;
    return p_mine;
end
$$;

-- Freezes pins and checks: what is deployed or published from now on changes nothing for this attempt.
create function start_attempt(p_mine attempts, p_head heads, p_pins jsonb, p_slot text, p_forced boolean) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    update attempts
    set slot = p_slot, base_epoch = p_head.epoch, pinned_at = nextval('tick'), forced = coalesce(p_forced, false),
        code_version = (select code_version from assets where key = p_mine.asset)
    where id = p_mine.id;
    insert into inputs (attempt, asset, partition, number, version)
    select p_mine.id, versions.asset, versions.partition, versions.number, versions.id
    from jsonb_to_recordset(p_pins) as pin (asset text, partition text, version_id bigint)
    join versions on versions.id = pin.version_id and versions.asset = pin.asset
        and versions.partition = pin.partition;
    perform check_inputs(p_mine, 'LG005');
    insert into verdicts (attempt, name, severity)
    select p_mine.id, name, severity from asset_checks where asset = p_mine.asset;
end
$$;

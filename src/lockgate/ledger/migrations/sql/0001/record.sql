-- Attempts that judge nothing: they never touch what the head stands on.

-- Ends an attempt that began, or waits for its turn, because its code raised. Who lost its claim has nothing to end.
create function fail(p_attempt bigint, p_token bigint, p_why text) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts := own_attempt(p_attempt, p_token);
begin
    -- guard: fail_open
    if mine.outcome is not null then
        return;
    end if;
    -- end guard
    perform settle_attempt(mine.id, 'failed', jsonb_build_object('why', left(p_why, 2000)));
end
$$;

-- An attempt that ended at the gate; p_attempt and p_token name the one that waited for its turn, if it did.
create function record(
    p_asset text, p_partition text, p_outcome text, p_code_version text, p_flow_run_id text, p_reason jsonb,
    p_attempt bigint default null, p_token bigint default null
) returns bigint
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    own assets := own_asset(p_asset);
    recorded bigint;
begin
    perform require_partition(own, p_partition);
    -- guard: judges_nothing
    if coalesce(p_outcome not in ('blocked', 'waiting', 'failed'), true) then
        perform refuse('LG012', format('%s: the outcome %L cannot be recorded.', p_asset, p_outcome), p_asset,
                       'Only blocked, waiting and failed can.');
    end if;
    -- end guard
    recorded := attempt_at_gate(own, p_partition, p_code_version, p_flow_run_id, null, p_attempt, p_token);
    perform settle_attempt(recorded, p_outcome, coalesce(p_reason, '{}'));
    return recorded;
end
$$;

-- The waiting attempt, or a new one.
create function attempt_at_gate(
    p_own assets, p_partition text, p_code_version text, p_flow_run_id text, p_slot text,
    p_attempt bigint, p_token bigint
) returns bigint
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    at_gate bigint;
begin
    if p_attempt is not null then
        at_gate := (own_queued(p_attempt, p_token, p_own.key, p_partition)).id;
        update attempts set slot = p_slot where id = at_gate;
    else
        insert into attempts (asset, partition, code_version, flow_run_id, slot)
        values (p_own.key, p_partition, p_code_version, p_flow_run_id, p_slot) returning id into at_gate;
    end if;
    return at_gate;
end
$$;

-- An attempt that found the current version made from the same inputs by the same code.
create function confirm(
    p_asset text, p_partition text, p_code_version text, p_flow_run_id text, p_pins jsonb,
    p_attempt bigint default null, p_token bigint default null
) returns jsonb
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    own assets := own_asset(p_asset);
    head heads := lock_head(own.key, p_partition);
    maker attempts;
    confirmed bigint;
begin
    select attempts.* into maker from versions join attempts on attempts.id = versions.attempt
    where versions.id = head.current;
    -- guard: same_inputs
    if maker.slot is distinct from slot_of(p_pins, p_code_version) then
        perform refuse('LG005', format('%s has changed: its inputs or code are not those of its current version.',
                       label(p_asset, p_partition)), p_asset, 'Run it again.');
    end if;
    -- end guard
    -- guard: not_a_source
    if not exists (select from inputs where attempt = maker.id) then
        perform refuse('LG005', format('%s has no inputs, so it is never unchanged.', p_asset), p_asset, 'Compute it.');
    end if;
    -- end guard
    -- guard: not_rejected
    if head.judged = 'rejected' then
        perform refuse('LG005', format('%s stands rejected, so it is not unchanged.', label(p_asset, p_partition)),
                       p_asset, 'Compute it.');
    end if;
    -- end guard
    update heads set confirmed = nextval('tick') where asset = p_asset and partition = p_partition;
    confirmed := attempt_at_gate(own, p_partition, p_code_version, p_flow_run_id, maker.slot, p_attempt, p_token);
    perform settle_attempt(confirmed, 'unchanged', '{}', maker.id);
    return jsonb_build_object('outcome', 'unchanged', 'number', head.number, 'version_id', head.current);
end
$$;

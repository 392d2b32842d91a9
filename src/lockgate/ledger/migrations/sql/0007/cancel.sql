-- An attempt that a person ended: settled for its inputs and code, and judged nothing.

alter table attempts drop constraint attempts_outcome;
alter table attempts add constraint attempts_outcome check (outcome in (
    'published', 'rejected', 'failed', 'blocked', 'waiting', 'unchanged', 'duplicate', 'superseded', 'cancelled'
));

-- Ends an attempt that began, or waits for its turn, because its code raised, or because a person ended its run.
-- Who lost its claim has nothing to end.
drop function fail(bigint, bigint, text);
create function fail(p_attempt bigint, p_token bigint, p_why text, p_cancelled boolean default false) returns void
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
    perform settle_attempt(mine.id, case when p_cancelled then 'cancelled' else 'failed' end,
                           jsonb_build_object('why', left(p_why, 2000)));
end
$$;

-- The same by the platform, for a run that is ended in Prefect while its attempt is under way; says whether it was.
create function cancel(p_attempt bigint, p_why text) returns boolean
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts;
begin
    select * into mine from attempts where id = p_attempt;
    perform from heads where asset = mine.asset and partition = mine.partition for no key update skip locked;
    if not found or not exists (select from attempts where id = p_attempt and outcome is null) then
        return false;
    end if;
    perform settle_attempt(p_attempt, 'cancelled', jsonb_build_object('why', left(p_why, 2000)));
    return true;
end
$$;

-- The attempts under way, oldest first.
create function under_way() returns table (
    attempt bigint, asset text, partition text, flow_run_id text, began_at timestamptz
)
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select attempts.id, attempts.asset, attempts.partition, attempts.flow_run_id, attempts.began_at
    from claims join attempts on attempts.id = claims.attempt
    order by attempts.id
$$;

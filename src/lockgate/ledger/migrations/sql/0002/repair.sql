-- Repair: settles attempts whose holder gives no sign of life any more, so that others may go on.

-- Attempts whose lease ran out at least so long ago.
create function expired(p_grace_seconds double precision)
returns table (attempt bigint, asset text, partition text, flow_run_id text)
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select attempts.id, attempts.asset, attempts.partition, attempts.flow_run_id
    from claims join attempts on attempts.id = claims.attempt
    where claims.expires < clock_timestamp() - make_interval(secs => p_grace_seconds)
    order by attempts.id
$$;

-- Settles one of them as failed, unless it came back to life meanwhile; says whether it did.
create function expire(p_attempt bigint) returns boolean
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts;
begin
    select * into mine from attempts where id = p_attempt and outcome is null;
    if not found then
        return false;
    end if;
    perform lock_head(mine.asset, mine.partition);
    if exists (
        select from claims where attempt = p_attempt
            -- guard: expire_lease
            and expires <= clock_timestamp()
            -- end guard
    ) then
        perform settle_attempt(p_attempt, 'failed', '{"why": "its lease ran out"}');
        return true;
    end if;
    return false;
end
$$;

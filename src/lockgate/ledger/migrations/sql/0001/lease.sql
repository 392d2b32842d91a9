-- Extends the lease of an attempt under way, or revives one that ran out and that nobody took.

create function renew(p_attempt bigint, p_token bigint, p_lease_seconds double precision) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts := own_attempt(p_attempt, p_token);
begin
    update claims set expires = lease_end(p_lease_seconds) where attempt = mine.id;
    -- guard: renewable
    if not found then
        perform refuse('LG006', format('%s: attempt %s no longer holds its claim; it is %s%s.',
                       label(mine.asset, mine.partition), mine.id, mine.outcome,
                       coalesce(' (' || (mine.reason ->> 'why') || ')', '')), mine.asset, 'Run it again.');
    end if;
    -- end guard
end
$$;

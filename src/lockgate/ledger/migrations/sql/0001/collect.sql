-- Gives up staged values that can no longer be published nor looked at, and says where they lie.

create function collect(p_grace_seconds double precision)
returns table (location text)
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    before timestamptz := clock_timestamp() - make_interval(secs => p_grace_seconds);
begin
    perform end_abandoned(before);
    return query
    update versions set collected_at = clock_timestamp()
    from attempts
    where attempts.id = versions.attempt and versions.number is null and versions.collected_at is null
        -- guard: collect_grace
        and versions.staged_at < before
        -- end guard
        -- guard: collect_settled
        and attempts.outcome is not null
        -- end guard
        -- guard: collect_inspectable
        and not exists (select from heads where judged = 'rejected' and judged_by = attempts.id)
        -- end guard
    returning versions.location;
end
$$;

-- Attempts whose holder gave no sign of life for longer than the grace. A slice that is being written to is alive.
create function end_abandoned(p_before timestamptz) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    abandoned bigint;
begin
    for abandoned in
        select claims.attempt from claims join heads using (asset, partition)
        where claims.expires < p_before
        for no key update of heads skip locked
    loop
        -- Read again: it may have been renewed before the slice was locked.
        if exists (select from claims where attempt = abandoned and expires < p_before) then
            perform settle_attempt(abandoned, 'failed', '{"why": "its lease ran out"}');
        end if;
    end loop;
end
$$;

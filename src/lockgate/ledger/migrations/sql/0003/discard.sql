-- Who deletes the values that the ledger has given up: the platform where it reaches the store, each team its own.

create or replace function discarded(p_versions bigint[]) returns void
language sql security definer set search_path = lockgate, pg_temp
as $$
    update versions set location = null
    where id = any (p_versions)
        -- guard: discard_collected
        and collected_at is not null
        -- end guard
        -- guard: discard_own
        and (owns(asset) or me() is null)
        -- end guard
$$;

grant execute on function discarded to lockgate_teams;

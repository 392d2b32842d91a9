-- Notes that a version's event was sent: by its own team, or by the platform, which sends what was not.

create function announced(p_version bigint) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    told versions;
begin
    select * into told from versions where id = p_version;
    -- guard: own_version
    if not (owns(told.asset) or session_user = 'lockgate_platform') then
        perform refuse('LG001', format('Version %s is not of team %s.', p_version, me()), told.asset);
    end if;
    -- end guard
    update versions set announced_at = clock_timestamp()
    where id = p_version and number is not null and announced_at is null;
end
$$;

-- Ends what a team has left open for so long, whatever limits it has set for itself; says of which logins.
create function end_overlong(p_seconds double precision) returns setof name
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    -- First all are chosen, then each is ended: in one query the planner might end others than it looks for.
    overlong record;
begin
    for overlong in
        select pid, usename as login from pg_stat_activity
        where datname = current_database() and usename in (select role from teams)
            and xact_start < clock_timestamp() - make_interval(secs => p_seconds)
    loop
        perform pg_terminate_backend(overlong.pid);
        return next overlong.login;
    end loop;
exception when insufficient_privilege then
    return;
end
$$;

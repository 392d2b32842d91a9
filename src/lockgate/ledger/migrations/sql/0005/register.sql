-- As before, but nobody can hold the registry for long, and every spec has the form its readers rely on.

create or replace function register(p_manifest jsonb) returns jsonb
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    summary jsonb;
begin
    perform check_form(p_manifest);
    perform lock_registry();
    perform check_manifest(p_manifest);
    summary := compare_manifest(p_manifest);
    perform store_assets(p_manifest);
    perform store_inputs(p_manifest);
    perform check_edges();
    return summary;
end
$$;

create function check_form(p_manifest jsonb) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    wrong record;
begin
    -- guard: manifest_form
    if jsonb_typeof(p_manifest -> 'assets') is distinct from 'array' then
        perform refuse('LG002', 'The manifest has no list of assets.', null, 'Deploy with the ledger''s release.');
    end if;
    -- end guard
    select asset ->> 'key' as key, faulty_field(asset) as field into wrong
    from jsonb_array_elements(p_manifest -> 'assets') as asset
    where faulty_field(asset) is not null limit 1;
    -- guard: spec_form
    if found then
        perform refuse('LG002', format('%s cannot be registered: nobody could read its %s.', coalesce(wrong.key, '?'),
                       wrong.field), wrong.key, 'Mend it, or deploy with the ledger''s release.');
    end if;
    -- end guard
end
$$;

-- One registration at a time. A team can hold its transaction open, whatever limits its role has: so who waits in vain
-- ends the sessions of the login that held the registry all the while.
create function lock_registry() returns void
language plpgsql security definer set search_path = lockgate, pg_temp set lock_timeout = '15s'
as $$
declare
    holder record;
begin
    for turn in 1..3 loop
        select pid, virtualtransaction into holder from registry_holders() where granted;
        begin
            -- A lock that a team cannot take by itself, unlike an advisory one.
            lock table assets in share row exclusive mode;
            return;
        exception when lock_not_available then
            perform end_holder(holder.pid, holder.virtualtransaction);
        end;
    end loop;
    -- guard: registry_free
    perform refuse('LG013', 'Another deploy holds the registry.', null, 'Deploy again in a minute.');
    -- end guard
end
$$;

-- The sessions that hold the registry or wait for it.
create function registry_holders() returns table (pid integer, virtualtransaction text, login name, granted boolean)
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select locks.pid, locks.virtualtransaction, activity.usename, locks.granted
    from pg_locks as locks join pg_stat_activity as activity on activity.pid = locks.pid
    where locks.locktype = 'relation' and locks.relation = 'assets'::regclass
        and locks.database = (select oid from pg_database where datname = current_database())
        and locks.mode = 'ShareRowExclusiveLock' and locks.pid <> pg_backend_pid()
$$;

-- Ends the sessions of a login that hold the registry or wait for it, if this transaction still holds it. Where the
-- owner may end no session, the operator has to.
create function end_holder(p_pid integer, p_transaction text) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    other record;
begin
    for other in
        select each.pid from registry_holders() as each
        where each.login in (
            select login from registry_holders()
            where pid = p_pid and virtualtransaction = p_transaction and granted
        )
    loop
        perform pg_terminate_backend(other.pid);
    end loop;
exception when insufficient_privilege then
    return;
end
$$;

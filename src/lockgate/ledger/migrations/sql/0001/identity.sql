-- Who calls, and what is theirs. The team comes from the login role, never from an argument or a setting.

create function me() returns text
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select name from teams where role = session_user
$$;

create function owns(p_asset text) returns boolean
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select coalesce(split_part(p_asset, '/', 1) = me(), false)
$$;

create function may_read(p_asset text) returns boolean
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select me() is not null and (owns(p_asset) or exists (
        select from assets where key = p_asset and shared_with && array['*', me()]
    ))
$$;

-- Every refusal of a function goes through here. The client turns code into an error class,
-- detail into its asset and hint into its cure.
create function refuse(p_code text, p_message text, p_asset text, p_cure text default '') returns void
language plpgsql set search_path = lockgate, pg_temp
as $$
begin
    raise exception using
        errcode = p_code, message = p_message, detail = coalesce(p_asset, ''), hint = p_cure;
end
$$;

create function label(p_asset text, p_partition text) returns text
language sql immutable set search_path = lockgate, pg_temp
as $$
    select p_asset || case when p_partition = '' then '' else ' [' || p_partition || ']' end
$$;

create function own_asset(p_asset text) returns assets
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    own assets;
begin
    -- guard: own_asset
    if not owns(p_asset) then
        perform refuse('LG001', format('%s does not belong to team %s.', p_asset, me()), p_asset,
                       'Run it as the team that owns it.');
    end if;
    -- end guard
    select * into own from assets where key = p_asset;
    -- guard: registered
    if own.key is null then
        perform refuse('LG003', format('%s is not deployed.', p_asset), p_asset,
                       format('Run: lockgate deploy %s', me()));
    end if;
    -- end guard
    return own;
end
$$;

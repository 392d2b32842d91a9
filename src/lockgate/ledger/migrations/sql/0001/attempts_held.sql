-- What every call about an attempt under way asks first, and how an attempt ends.

-- The caller's attempt, its slice locked.
create function own_attempt(p_attempt bigint, p_token bigint) returns attempts
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts;
begin
    select * into mine from attempts where id = p_attempt;
    -- guard: own_attempt
    if not owns(mine.asset) then
        perform refuse('LG001', format('Attempt %s is not of team %s.', p_attempt, me()), mine.asset);
    end if;
    -- end guard
    perform lock_head(mine.asset, mine.partition);
    select * into mine from attempts where id = p_attempt;
    -- guard: token
    if mine.token is distinct from p_token then
        perform refuse('LG006', format('%s: this run does not hold attempt %s.',
                       label(mine.asset, mine.partition), p_attempt), mine.asset, 'Run it again.');
    end if;
    -- end guard
    return mine;
end
$$;

create function require_open(p_mine attempts) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    -- guard: open
    if p_mine.outcome is not null then
        perform refuse(case p_mine.reason ->> 'why' when 'its lease ran out' then 'LG006' else 'LG011' end, format('%s: attempt %s is %s already%s.',
                       label(p_mine.asset, p_mine.partition), p_mine.id, p_mine.outcome,
                       coalesce(' (' || (p_mine.reason ->> 'why') || ')', '')),
                       p_mine.asset, 'Run it again.');
    end if;
    -- end guard
    -- guard: turn
    if p_mine.slot is null then
        perform refuse('LG006', format('%s: attempt %s still waits for its turn.',
                       label(p_mine.asset, p_mine.partition), p_mine.id), p_mine.asset,
                       'Begin again with fresh pins.');
    end if;
    -- end guard
end
$$;

create function require_lease(p_mine attempts) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    -- guard: lease
    if not exists (select from claims where attempt = p_mine.id and expires > clock_timestamp()) then
        perform refuse('LG006', format('%s: the lease of attempt %s has run out.',
                       label(p_mine.asset, p_mine.partition), p_mine.id), p_mine.asset, 'Run it again.');
    end if;
    -- end guard
end
$$;

-- Nobody may keep a slice for longer than an hour without a sign of life.
create function lease_end(p_seconds double precision) returns timestamptz
language sql volatile set search_path = lockgate, pg_temp
as $$
    select clock_timestamp() + make_interval(secs => least(p_seconds, 3600))
$$;

create function settle_attempt(p_attempt bigint, p_outcome text, p_reason jsonb default '{}', p_holder bigint default null)
returns void
language sql security definer set search_path = lockgate, pg_temp
as $$
    update attempts
    set outcome = p_outcome, reason = p_reason, holder = p_holder, settled_at = clock_timestamp()
    where id = p_attempt;
    delete from claims where attempt = p_attempt;
$$;

-- How an attempt stands: of a superseded one, the version in its place.
create function describe(p_attempt bigint) returns jsonb
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select jsonb_build_object(
        'outcome', mine.outcome,
        'number', case mine.outcome when 'superseded' then heads.number else own.number end,
        'version_id', case mine.outcome when 'superseded' then heads.current when 'published' then own.id end
    )
    from attempts as mine
    left join versions as own on own.attempt = mine.id and own.restores is null
    left join heads on heads.asset = mine.asset and heads.partition = mine.partition
    where mine.id = p_attempt
$$;

-- What the platform does to everybody's rows waits for nobody: what a team holds is left to the next round.

-- Settles one of them as failed, unless it came back to life meanwhile or is being written to; says whether it did.
create or replace function expire(p_attempt bigint) returns boolean
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts;
begin
    select * into mine from attempts where id = p_attempt and outcome is null;
    if not found then
        return false;
    end if;
    perform from heads where asset = mine.asset and partition = mine.partition for no key update skip locked;
    if not found then
        return false;
    end if;
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

create or replace function announced(p_version bigint) returns void
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
    where id in (
        select id from versions where id = p_version and number is not null and announced_at is null
        for no key update skip locked
    );
end
$$;

create or replace function discarded(p_versions bigint[]) returns void
language sql security definer set search_path = lockgate, pg_temp
as $$
    update versions set location = null
    where id in (
        select id from versions where id = any (p_versions)
            -- guard: discard_collected
            and collected_at is not null
            -- end guard
            -- guard: discard_own
            and (owns(asset) or me() is null)
            -- end guard
        for no key update skip locked
    )
$$;

create or replace function collect(p_grace_seconds double precision)
returns table (location text)
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    before timestamptz := clock_timestamp() - make_interval(secs => p_grace_seconds);
begin
    perform end_abandoned(before);
    return query
    with idle as (
        select versions.id from versions join attempts on attempts.id = versions.attempt
        where versions.number is null and versions.collected_at is null
            -- guard: collect_grace
            and versions.staged_at < before
            -- end guard
            -- guard: collect_settled
            and attempts.outcome is not null
            -- end guard
            -- guard: collect_inspectable
            and not exists (select from heads where judged = 'rejected' and judged_by = attempts.id)
            -- end guard
        for no key update of versions skip locked
    )
    update versions set collected_at = clock_timestamp() from idle where versions.id = idle.id
    returning versions.location;
end
$$;

create or replace function retire_versions(p_grace_seconds double precision) returns bigint
language sql security definer set search_path = lockgate, pg_temp
as $$
    with idle as (
        select id from versions where id in (select version from expendable_versions(p_grace_seconds))
        for no key update skip locked
    ), retired as (
        update versions set collected_at = clock_timestamp() where id in (select id from idle) returning id
    )
    select count(*) from retired
$$;

-- One team after the other: what one of them holds keeps its own records, and nobody else's.
create or replace function retire_attempts(p_age_seconds double precision) returns bigint
language plpgsql security definer set search_path = lockgate, pg_temp set lock_timeout = '2s'
as $$
declare
    expendable bigint[] := array(select expendable_attempts(p_age_seconds));
    gone bigint[];
    deleted bigint := 0;
    owner text;
begin
    for owner in select name from teams order by name loop
        gone := array(select id from attempts where id = any (expendable) and split_part(asset, '/', 1) = owner);
        begin
            update attempts set holder = null where holder = any (gone);
            delete from verdicts where attempt = any (gone);
            delete from inputs where attempt = any (gone);
            delete from versions where attempt = any (gone);
            delete from attempts where id = any (gone);
            deleted := deleted + cardinality(gone);
        exception when lock_not_available then
            continue;
        end;
    end loop;
    return deleted;
end
$$;

-- Published versions that nobody needs any more.
create or replace function expendable_versions(p_grace_seconds double precision)
returns table (version bigint, asset text, partition text, number integer, size bigint, location text)
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    with recursive ranked as (
        select versions.*, coalesce(
            row_number() over newest_first > keep_of(assets.spec)
            -- guard: keep_grace
            -- A gate may have pinned it a moment before it was replaced.
            and lag(versions.published_at) over newest_first
                < clock_timestamp() - make_interval(secs => p_grace_seconds)
            -- end guard
        , false) as old
        from versions join assets on assets.key = versions.asset
        where versions.number is not null and versions.collected_at is null
        window newest_first as (partition by versions.asset, versions.partition order by versions.number desc)
    ), kept (id, attempt) as (
        select id, attempt from ranked where not old
        -- guard: keep_pinned
        union
        select versions.id, versions.attempt from attempts
        join inputs on inputs.attempt = attempts.id join versions on versions.id = inputs.version
        where attempts.outcome is null
        -- end guard
        -- guard: keep_lineage
        union
        select versions.id, versions.attempt from kept
        join inputs on inputs.attempt = kept.attempt join versions on versions.id = inputs.version
        -- end guard
    )
    select ranked.id, ranked.asset, ranked.partition, ranked.number, ranked.size, ranked.location from ranked
    where old and not exists (select from kept where kept.id = ranked.id)
        -- guard: keep_restored
        -- A rollback has the data of the version it restored.
        and not exists (select from kept where kept.attempt = ranked.attempt)
        -- end guard
    order by ranked.asset, ranked.partition, ranked.number
$$;

-- Retention: old versions beyond what their asset keeps, and the records of old runs that led to nothing.

-- Published versions that nobody needs any more.
create function expendable_versions(p_grace_seconds double precision)
returns table (version bigint, asset text, partition text, number integer, size bigint, location text)
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    with recursive ranked as (
        select versions.*, coalesce(
            assets.spec ->> 'keep' is not null
            and row_number() over newest_first > greatest((assets.spec ->> 'keep')::integer, 1)
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

create function retire_versions(p_grace_seconds double precision) returns bigint
language sql security definer set search_path = lockgate, pg_temp
as $$
    with retired as (
        update versions set collected_at = clock_timestamp()
        where id in (select version from expendable_versions(p_grace_seconds)) returning id
    )
    select count(*) from retired
$$;

-- Notes that the store has deleted these values.
create function discarded(p_versions bigint[]) returns void
language sql security definer set search_path = lockgate, pg_temp
as $$
    update versions set location = null
    where id = any (p_versions)
        -- guard: discard_collected
        and collected_at is not null
        -- end guard
$$;

-- What is collected cannot come back.
create function refuse_collected() returns trigger
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    -- guard: restore_collected
    if exists (
        select from versions
        where asset = new.asset and partition = new.partition and attempt = new.attempt and collected_at is not null
    ) then
        perform refuse('LG003', format('%s: the value of version %s was removed by retention.',
                       label(new.asset, new.partition), new.restores), new.asset, 'Choose a later version.');
    end if;
    -- end guard
    return new;
end
$$;
create trigger restore_kept_only before insert on versions
    for each row when (new.restores is not null) execute function refuse_collected();

-- Settled attempts that published nothing, judged nothing that stands, and tell the sweep nothing.
create function expendable_attempts(p_age_seconds double precision) returns setof bigint
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select attempts.id from attempts
    where attempts.settled_at < clock_timestamp() - make_interval(secs => p_age_seconds)
        -- guard: attempt_with_version
        and not exists (
            select from versions
            where versions.attempt = attempts.id and (versions.number is not null or versions.location is not null)
        )
        -- end guard
        -- guard: attempt_that_judged
        and not exists (select from heads where heads.judged_by = attempts.id)
        -- end guard
        -- guard: attempt_on_current_inputs
        and (outcome in ('blocked', 'waiting', 'duplicate', 'unchanged') or exists (
            select from inputs left join heads on heads.current = inputs.version
            where inputs.attempt = attempts.id and heads.asset is null
        ) or not exists (select from inputs where inputs.attempt = attempts.id))
        -- end guard
$$;

create function retire_attempts(p_age_seconds double precision) returns bigint
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    gone bigint[] := array(select expendable_attempts(p_age_seconds));
begin
    update attempts set holder = null where holder = any (gone);
    delete from verdicts where attempt = any (gone);
    delete from inputs where attempt = any (gone);
    delete from versions where attempt = any (gone);
    delete from attempts where id = any (gone);
    return cardinality(gone);
end
$$;

-- Waivers: for a bounded time, one failed check of one partition does not keep its value from being published.

create function waive(p_asset text, p_partition text, p_name text, p_until timestamptz, p_why text) returns bigint
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    own assets := own_asset(p_asset);
    granted bigint;
begin
    perform require_partition(own, p_partition);
    -- guard: waivable_check
    if not exists (select from asset_checks where asset = own.key and name = p_name and severity = 'error') then
        perform refuse('LG012', format('%s has no check %s that could keep it from being published.', own.key, p_name),
                       own.key, 'Name one of its error checks; a warning needs no waiver.');
    end if;
    -- end guard
    -- guard: waiver_time
    if coalesce(p_until not between clock_timestamp() and clock_timestamp() + interval '30 days', true) then
        perform refuse('LG012', format('%s: a waiver must end within 30 days from now, not at %s.',
                       label(own.key, p_partition), p_until), own.key, 'Choose a time nearer by.');
    end if;
    -- end guard
    -- guard: waiver_reason
    if coalesce(btrim(p_why), '') = '' then
        perform refuse('LG012', format('%s: a waiver needs a reason.', label(own.key, p_partition)), own.key,
                       'Say why.');
    end if;
    -- end guard
    insert into waivers (asset, partition, name, until, why)
    values (own.key, p_partition, p_name, p_until, left(p_why, 1000)) returning id into granted;
    return granted;
end
$$;

-- Marks the failed verdicts of an attempt that a waiver covers at this moment; publish() asks before it judges.
create function apply_waivers(p_mine attempts) returns void
language sql security definer set search_path = lockgate, pg_temp
as $$
    update verdicts set waiver = (
        select max(id) from waivers
        where asset = p_mine.asset and waivers.name = verdicts.name
            -- guard: waiver_partition
            and partition = p_mine.partition
            -- end guard
            -- guard: waiver_live
            and until > clock_timestamp()
            -- end guard
    )
    where attempt = p_mine.id and severity = 'error' and not passed
$$;

-- A waived failure is none to publish(); reject() marks nothing, so to it every failure counts.
create or replace function failed_checks(p_attempt bigint) returns text[]
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select array(
        select name from verdicts where attempt = p_attempt and not passed and severity = 'error' and waiver is null
        order by name
    )
$$;

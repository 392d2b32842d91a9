-- What publish() and reject() ask before they judge.

create function require_active(p_mine attempts) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    -- guard: active_still
    if not exists (select from assets where key = p_mine.asset and active) then
        perform refuse('LG003', format('%s is no longer deployed.', p_mine.asset), p_mine.asset,
                       format('Run `lockgate deploy %s`.', me()));
    end if;
    -- end guard
end
$$;

create function require_verdicts(p_mine attempts) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    wrong text;
begin
    select string_agg(name, ', ' order by name) into wrong from verdicts
    where attempt = p_mine.id and passed is null and severity = 'error';
    -- guard: verdicts_given
    if wrong is not null then
        perform refuse('LG007', format('%s: attempt %s has no verdict of %s.',
                       label(p_mine.asset, p_mine.partition), p_mine.id, wrong), p_mine.asset, 'Run it again.');
    end if;
    -- end guard
end
$$;

create function failed_checks(p_attempt bigint) returns text[]
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select array(
        select name from verdicts where attempt = p_attempt and not passed and severity = 'error' order by name
    )
$$;

create function require_passed(p_mine attempts) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    wrong text[] := failed_checks(p_mine.id);
begin
    -- guard: checks_passed
    if wrong <> '{}' then
        perform refuse('LG007', format('%s: attempt %s failed %s.', label(p_mine.asset, p_mine.partition),
                       p_mine.id, array_to_string(wrong, ', ')), p_mine.asset, 'Reject it.');
    end if;
    -- end guard
end
$$;

create function require_failed(p_mine attempts) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    -- guard: check_failed
    if failed_checks(p_mine.id) = '{}' then
        perform refuse('LG007', format('%s: attempt %s failed no check.',
                       label(p_mine.asset, p_mine.partition), p_mine.id), p_mine.asset, 'Publish it.');
    end if;
    -- end guard
end
$$;

-- A rollback moves the epoch: what began before it must not undo it.
create function require_head(p_mine attempts, p_head heads) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    -- guard: stale_head
    if p_mine.base_epoch is distinct from p_head.epoch then
        perform refuse('LG008', format('%s was rolled back since attempt %s began.',
                       label(p_mine.asset, p_mine.partition), p_mine.id), p_mine.asset, 'Run it again.');
    end if;
    -- end guard
end
$$;

-- An effect writes elsewhere: its version has no location and is made here.
create function require_staged(p_mine attempts) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    if exists (select from versions where attempt = p_mine.id and restores is null) then
        return;
    end if;
    -- guard: staged
    if not exists (select from assets where key = p_mine.asset and effect) then
        perform refuse('LG009', format('%s: attempt %s has staged nothing.',
                       label(p_mine.asset, p_mine.partition), p_mine.id), p_mine.asset, 'Run it again.');
    end if;
    -- end guard
    insert into versions (attempt, asset, partition) values (p_mine.id, p_mine.asset, p_mine.partition);
end
$$;

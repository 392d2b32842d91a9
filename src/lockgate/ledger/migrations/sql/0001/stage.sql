-- The invisible version of an attempt, and the verdicts on it. Each is said once; saying the same again is harmless.

create function stage(
    p_attempt bigint, p_token bigint, p_location text, p_digest text, p_size bigint, p_rows bigint, p_metadata jsonb
) returns bigint
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts := own_attempt(p_attempt, p_token);
    staged versions;
begin
    perform require_open(mine);
    select * into staged from versions where attempt = mine.id and restores is null;
    if staged.id is null then
        insert into versions (attempt, asset, partition, location, digest, size, rows, metadata)
        values (mine.id, mine.asset, mine.partition, p_location, p_digest, p_size, p_rows, coalesce(p_metadata, '{}'))
        returning * into staged;
    end if;
    -- guard: staged_once
    if (staged.location, staged.digest) is distinct from (p_location, p_digest) then
        perform refuse('LG009', format('%s: attempt %s has staged another value.',
                       label(mine.asset, mine.partition), mine.id), mine.asset, 'Run it again.');
    end if;
    -- end guard
    return staged.id;
end
$$;

create function verdict(
    p_attempt bigint, p_token bigint, p_name text, p_passed boolean, p_rows_failed bigint, p_rows_seen bigint,
    p_message text, p_example text
) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts := own_attempt(p_attempt, p_token);
    given verdicts;
begin
    perform require_open(mine);
    update verdicts
    set passed = p_passed, rows_failed = p_rows_failed, rows_seen = p_rows_seen,
        message = left(coalesce(p_message, ''), 1000), example = left(coalesce(p_example, ''), 1000)
    where attempt = mine.id and name = p_name and passed is null;
    select * into given from verdicts where attempt = mine.id and name = p_name;
    -- guard: known_check
    if given.name is null then
        perform refuse('LG007', format('%s: attempt %s has no check %s.',
                       label(mine.asset, mine.partition), mine.id, p_name), mine.asset,
                       'The checks were fixed when it began: run it again.');
    end if;
    -- end guard
    -- guard: verdict_once
    if (given.passed, given.rows_failed) is distinct from (p_passed, p_rows_failed) then
        perform refuse('LG007', format('%s: check %s of attempt %s has another verdict already.',
                       label(mine.asset, mine.partition), p_name, mine.id), mine.asset, 'Run it again.');
    end if;
    -- end guard
end
$$;

-- Makes the staged version of an attempt current: the one door through which a value becomes visible.
-- Idempotent: said again, it answers what it answered.

create function publish(p_attempt bigint, p_token bigint) returns jsonb
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts := own_attempt(p_attempt, p_token);
    head heads := lock_head(mine.asset, mine.partition);
begin
    if mine.outcome in ('published', 'superseded') then
        return describe(mine.id);
    end if;
    perform require_open(mine);
    perform require_lease(mine);
    perform require_active(mine);
    perform require_verdicts(mine);
    perform require_passed(mine);
    perform require_head(mine, head);
    perform check_inputs(mine);
    perform require_staged(mine);
    -- guard: publish_order
    if is_outdated(mine, head) then
        perform settle_attempt(mine.id, 'superseded', '{}', head.judged_by);
        return describe(mine.id);
    end if;
    -- end guard
    perform make_current(mine, head);
    perform settle_attempt(mine.id, 'published');
    return describe(mine.id);
end
$$;

create function make_current(p_mine attempts, p_head heads) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    published versions;
begin
    update versions set number = coalesce(p_head.number, 0) + 1, published_at = clock_timestamp()
    where attempt = p_mine.id and restores is null
    returning * into published;
    update heads
    set current = published.id, number = published.number, judged = 'published', judged_by = p_mine.id,
        failed_checks = '{}', confirmed = nextval('tick')
    where asset = p_mine.asset and partition = p_mine.partition;
end
$$;

-- Whether what was judged last came from newer inputs, or from the same ones later.
-- Numbers are comparable, because each attempt took its pins in one snapshot.
create function is_outdated(p_mine attempts, p_head heads) returns boolean
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    select coalesce(bool_or(mine.number < theirs.number), false)
        or (not coalesce(bool_or(mine.number > theirs.number), false) and p_mine.id < coalesce(p_head.judged_by, 0))
    from inputs as mine
    join inputs as theirs on theirs.asset = mine.asset and theirs.partition = mine.partition
    where mine.attempt = p_mine.id and theirs.attempt = p_head.judged_by
$$;

-- Records that an attempt's value failed its checks. The current version stays; the staged one stays inspectable.

create function reject(p_attempt bigint, p_token bigint) returns jsonb
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    mine attempts := own_attempt(p_attempt, p_token);
    head heads := lock_head(mine.asset, mine.partition);
begin
    if mine.outcome in ('rejected', 'superseded') then
        return describe(mine.id);
    end if;
    perform require_open(mine);
    perform require_lease(mine);
    perform require_verdicts(mine);
    perform require_failed(mine);
    perform require_head(mine, head);
    -- guard: reject_order
    if is_outdated(mine, head) then
        perform settle_attempt(mine.id, 'superseded', '{}', head.judged_by);
        return describe(mine.id);
    end if;
    -- end guard
    update heads set judged = 'rejected', judged_by = mine.id, failed_checks = failed_checks(mine.id)
    where asset = mine.asset and partition = mine.partition;
    perform settle_attempt(mine.id, 'rejected');
    return describe(mine.id);
end
$$;

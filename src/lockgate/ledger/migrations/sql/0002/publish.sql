-- As before, but a failed check that is waived at this moment keeps nothing from being published.

create or replace function publish(p_attempt bigint, p_token bigint) returns jsonb
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
    perform apply_waivers(mine);
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

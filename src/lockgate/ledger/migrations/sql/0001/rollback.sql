-- Makes an old value current again, under a new number. Everything published after it is withdrawn.

create function rollback(p_asset text, p_partition text, p_number integer, p_why text) returns jsonb
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    own assets := own_asset(p_asset);
    head heads := lock_head(own.key, p_partition);
    target versions;
    restored versions;
begin
    select * into target from versions where asset = p_asset and partition = p_partition and number = p_number;
    -- guard: known_number
    if target.id is null then
        perform refuse('LG003', format('%s has no published version number %s.',
                       label(p_asset, p_partition), p_number), p_asset,
                       format('Run: lockgate history %s', p_asset));
    end if;
    -- end guard
    -- guard: reason_given
    if coalesce(btrim(p_why), '') = '' then
        perform refuse('LG012', format('%s: a rollback needs a reason.', label(p_asset, p_partition)), p_asset,
                       'Say why.');
    end if;
    -- end guard
    perform withdraw_after(target);
    insert into versions (attempt, asset, partition, number, restores, why, location, digest, size, rows, metadata,
                          published_at)
    values (target.attempt, p_asset, p_partition, head.number + 1, coalesce(target.restores, target.number),
            p_why, target.location, target.digest, target.size, target.rows, target.metadata, clock_timestamp())
    returning * into restored;
    update heads
    set current = restored.id, number = restored.number, judged = 'published', judged_by = target.attempt,
        failed_checks = '{}', epoch = epoch + 1, confirmed = nextval('tick')
    where asset = p_asset and partition = p_partition;
    return jsonb_build_object('outcome', 'published', 'number', restored.number, 'version_id', restored.id);
end
$$;

-- Withdraws the versions after one, and declines what they were made from.
create function withdraw_after(p_target versions) returns void
language sql security definer set search_path = lockgate, pg_temp
as $$
    insert into declined (asset, partition, slot)
    select versions.asset, versions.partition, attempts.slot
    from versions join attempts on attempts.id = versions.attempt
    where versions.asset = p_target.asset and versions.partition = p_target.partition
        and versions.number > p_target.number
    on conflict do nothing;

    delete from declined using attempts
    where attempts.id = p_target.attempt and declined.asset = p_target.asset
        and declined.partition = p_target.partition and declined.slot = attempts.slot;

    update versions set withdrawn_at = clock_timestamp()
    where asset = p_target.asset and partition = p_target.partition
        and number > p_target.number and withdrawn_at is null;
$$;

-- What is settled without an attempt at work: runs that end at the gate, confirmations, rollbacks, collection.

CREATE FUNCTION record(
    asset_key text, slice text, how text, code text, run_id text, why jsonb
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
DECLARE
    me text := caller_team();
    mine bigint;
BEGIN
    PERFORM own_asset(me, asset_key, slice);
    -- guard: record_outcome
    IF how NOT IN ('blocked', 'waiting', 'failed') THEN
        PERFORM refuse('LG011', format('an attempt cannot be recorded as %s', how));
    END IF;
    -- end guard
    INSERT INTO heads (asset, partition) VALUES (asset_key, slice) ON CONFLICT DO NOTHING;
    INSERT INTO attempts (asset, partition, code_version, flow_run_id, outcome, reason, finished_at)
    VALUES (asset_key, slice, code, run_id, how, why, clock_timestamp()) RETURNING id INTO mine;
    UPDATE heads SET settled_attempt = mine WHERE asset = asset_key AND partition = slice;
    RETURN mine;
END $$;

CREATE FUNCTION confirm(asset_key text, slice text, code text, run_id text, pin_ids bigint[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
DECLARE
    me text := caller_team();
    head heads;
    current_version versions;
    made attempts;
    mine bigint;
BEGIN
    PERFORM own_asset(me, asset_key, slice);
    SELECT * INTO head FROM heads WHERE asset = asset_key AND partition = slice FOR UPDATE;
    SELECT * INTO current_version FROM versions WHERE id = head.version;
    SELECT * INTO made FROM attempts WHERE id = current_version.attempt;
    -- guard: confirm_same
    IF made.pins IS DISTINCT FROM ARRAY(SELECT unnest(pin_ids) ORDER BY 1) OR made.code_version <> code
       OR made.pins = '{}' OR head.judged <> 'published' THEN
        PERFORM refuse('LG005', format('the current version of %s was not made from these inputs', asset_key));
    END IF;
    -- end guard
    INSERT INTO attempts (asset, partition, code_version, flow_run_id, pins, outcome, finished_at)
    VALUES (asset_key, slice, code, run_id, made.pins, 'unchanged', clock_timestamp()) RETURNING id INTO mine;
    UPDATE heads SET confirmed = nextval('tick'), settled_attempt = mine WHERE asset = asset_key AND partition = slice;
    RETURN jsonb_build_object('outcome', 'unchanged', 'number', current_version.number, 'version_id', current_version.id);
END $$;

-- Make an earlier version current again, under a new number. The epoch fences off attempts under way.
CREATE FUNCTION rollback_to(asset_key text, slice text, to_number bigint, why text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
DECLARE
    me text := caller_team();
    head heads;
    old versions;
    restored bigint;
BEGIN
    PERFORM own_asset(me, asset_key, slice);
    SELECT * INTO head FROM heads WHERE asset = asset_key AND partition = slice FOR UPDATE;
    SELECT * INTO old FROM versions WHERE asset = asset_key AND partition = slice AND number = to_number;
    -- guard: rollback_target
    IF old.id IS NULL OR old.id = head.version OR old.withdrawn_at IS NOT NULL THEN
        PERFORM refuse('LG003', format('%s has no earlier version %s to go back to', asset_key, to_number));
    END IF;
    -- end guard
    UPDATE versions SET withdrawn_at = clock_timestamp(), withdrawn_why = left(why, 2000) WHERE id = head.version;
    INSERT INTO versions (attempt, asset, partition, number, location, digest, size, rows, metadata, restores,
        staged_at, published_at)
    VALUES (old.attempt, old.asset, old.partition, head.last_number + 1, old.location, old.digest, old.size, old.rows,
        old.metadata, old.id, old.staged_at, clock_timestamp())
    RETURNING id INTO restored;
    UPDATE heads SET version = restored, last_number = head.last_number + 1, epoch = epoch + 1, judged = 'published',
        judged_attempt = old.attempt, failed_checks = '{}', confirmed = nextval('tick')
    WHERE asset = asset_key AND partition = slice;
    RETURN jsonb_build_object('outcome', 'published', 'number', head.last_number + 1, 'version_id', restored);
END $$;

-- Mark staged values that will never be published as collected, and return where they lie.
CREATE FUNCTION collect(grace interval) RETURNS TABLE (location text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    dead bigint;
BEGIN
    -- guard: collect_platform
    IF NOT is_platform() THEN
        PERFORM refuse('LG001', format('login %s may not collect', session_user));
    END IF;
    -- end guard
    FOR dead IN SELECT attempt FROM claims WHERE expires_at <= clock_timestamp() - grace LOOP
        PERFORM close_attempt(dead, 'failed', '{"why": "its lease ran out"}');
    END LOOP;
    RETURN QUERY
    UPDATE versions SET collected_at = clock_timestamp()
    FROM attempts
    WHERE attempts.id = versions.attempt AND versions.number IS NULL AND versions.collected_at IS NULL
        AND versions.staged_at <= clock_timestamp() - grace
        -- guard: collect_settled
        AND attempts.outcome IS NOT NULL
        -- end guard
        -- guard: collect_judged
        AND NOT EXISTS (SELECT FROM heads WHERE judged_attempt = attempts.id)
        -- end guard
    RETURNING versions.location;
END $$;

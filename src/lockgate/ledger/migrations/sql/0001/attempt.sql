-- What a run does with its open attempt: stage a value, record verdicts, publish, reject or fail.

CREATE FUNCTION own_attempt(attempt_id bigint) RETURNS attempts LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    me text := caller_team();
    a attempts;
BEGIN
    SELECT * INTO a FROM attempts WHERE id = attempt_id FOR UPDATE;
    -- guard: own_attempt
    IF NOT coalesce(owns(a.asset), false) THEN
        PERFORM refuse('LG001', format('attempt %s is not of team %s', attempt_id, me));
    END IF;
    -- end guard
    RETURN a;
END $$;

CREATE FUNCTION open_attempt(attempt_id bigint, claim_token bigint) RETURNS attempts LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    a attempts := own_attempt(attempt_id);
BEGIN
    -- guard: open_attempt
    IF a.outcome IS NOT NULL THEN
        PERFORM refuse('LG011', format('attempt %s is settled as %s', attempt_id, a.outcome));
    END IF;
    -- end guard
    -- guard: attempt_token
    IF NOT EXISTS (SELECT FROM claims WHERE attempt = attempt_id AND token = claim_token) THEN
        PERFORM refuse('LG006', format('attempt %s does not hold its claim', attempt_id));
    END IF;
    -- end guard
    RETURN a;
END $$;

CREATE FUNCTION stage(
    attempt_id bigint, claim_token bigint, place text, value_digest text, value_size bigint, row_count bigint, facts jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
DECLARE
    a attempts := open_attempt(attempt_id, claim_token);
BEGIN
    INSERT INTO versions (attempt, asset, partition, location, digest, size, rows, metadata)
    VALUES (a.id, a.asset, a.partition, place, value_digest, value_size, row_count, facts);
END $$;

CREATE FUNCTION verdict(
    attempt_id bigint, claim_token bigint, check_name text, has_passed boolean, failed_rows bigint, seen_rows bigint,
    said text, shown text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
DECLARE
    a attempts := open_attempt(attempt_id, claim_token);
    before boolean;
BEGIN
    SELECT passed INTO before FROM verdicts WHERE attempt = a.id AND name = check_name;
    -- guard: verdict_frozen
    IF NOT FOUND THEN
        PERFORM refuse('LG007', format('%s has no check %s', a.asset, check_name));
    END IF;
    -- end guard
    -- guard: verdict_once
    IF before <> has_passed THEN
        PERFORM refuse('LG007', format('check %s of attempt %s has its verdict already', check_name, a.id));
    END IF;
    -- end guard
    UPDATE verdicts SET passed = has_passed, rows_failed = failed_rows, rows_seen = seen_rows,
        message = left(said, 300), example = left(shown, 200)
    WHERE attempt = a.id AND name = check_name;
END $$;

-- What every judgement demands, besides an own attempt: a live lease, an unmoved head, an asset still deployed.
CREATE FUNCTION check_judge(a attempts, claim_token bigint, head heads) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
BEGIN
    -- guard: judge_lease
    IF NOT EXISTS (SELECT FROM claims WHERE attempt = a.id AND expires_at > clock_timestamp() FOR UPDATE) THEN
        PERFORM refuse('LG006', format('the lease of attempt %s ran out', a.id));
    END IF;
    -- end guard
    -- guard: judge_epoch
    IF head.epoch <> a.epoch THEN
        PERFORM refuse('LG008', format('%s was rolled back while attempt %s ran', a.asset, a.id));
    END IF;
    -- end guard
    -- guard: judge_active
    IF NOT (SELECT active FROM assets WHERE key = a.asset) THEN
        PERFORM refuse('LG003', format('%s is no longer deployed', a.asset));
    END IF;
    -- end guard
    -- guard: judge_verdicts_complete
    IF EXISTS (SELECT FROM verdicts WHERE attempt = a.id AND severity = 'error' AND passed IS NULL) THEN
        PERFORM refuse('LG007', format('attempt %s lacks the verdict of a check', a.id));
    END IF;
    -- end guard
END $$;

-- Whether the current version was made from newer inputs, or by a later attempt from the same ones.
CREATE FUNCTION is_superseded(a attempts, head heads) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM inputs AS mine JOIN inputs AS theirs USING (asset, partition)
        WHERE mine.attempt = a.id AND mine.number < theirs.number
            AND theirs.attempt = (SELECT attempt FROM versions WHERE id = head.version)
    ) OR EXISTS (
        SELECT FROM versions JOIN attempts AS theirs ON theirs.id = versions.attempt
        WHERE versions.id = head.version AND theirs.pins = a.pins AND theirs.id > a.id)
$$;

CREATE FUNCTION check_inputs_of(a attempts) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    bad text;
BEGIN
    -- guard: publish_inputs_withdrawn
    SELECT v.asset INTO bad FROM inputs JOIN versions AS v ON v.id = inputs.version
    WHERE inputs.attempt = a.id AND v.withdrawn_at IS NOT NULL LIMIT 1;
    IF bad IS NOT NULL THEN
        PERFORM refuse('LG010', format('a version of %s that attempt %s read was withdrawn', bad, a.id));
    END IF;
    -- end guard
    -- guard: publish_inputs_shared
    SELECT i.asset INTO bad FROM inputs AS i
    WHERE i.attempt = a.id AND NOT shared_to(i.asset, split_part(a.asset, '/', 1)) LIMIT 1;
    IF bad IS NOT NULL THEN
        PERFORM refuse('LG010', format('%s is no longer shared with the team that read it', bad));
    END IF;
    -- end guard
END $$;

-- The staged version of an attempt; an effect's is made here, for it has no value.
CREATE FUNCTION staged_version(a attempts) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    v versions;
BEGIN
    SELECT * INTO v FROM versions WHERE attempt = a.id AND restores IS NULL;
    IF v.id IS NULL AND (SELECT effect FROM assets WHERE key = a.asset) THEN
        INSERT INTO versions (attempt, asset, partition) VALUES (a.id, a.asset, a.partition) RETURNING * INTO v;
    END IF;
    -- guard: publish_staged
    IF v.id IS NULL THEN
        PERFORM refuse('LG009', format('attempt %s has staged nothing', a.id));
    END IF;
    -- end guard
    -- guard: publish_collected
    IF v.collected_at IS NOT NULL THEN
        PERFORM refuse('LG009', format('the value of attempt %s was collected', a.id));
    END IF;
    -- end guard
    RETURN v.id;
END $$;

CREATE FUNCTION published_state(a attempts) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT jsonb_build_object('outcome', a.outcome, 'number', v.number, 'version_id', v.id)
    FROM versions AS v
    WHERE v.id = CASE a.outcome
        WHEN 'published' THEN (SELECT id FROM versions WHERE attempt = a.id AND restores IS NULL)
        ELSE (SELECT version FROM heads WHERE asset = a.asset AND partition = a.partition) END
$$;

CREATE FUNCTION settle_superseded(a attempts) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
BEGIN
    PERFORM close_attempt(a.id, 'superseded', '{}');
    a.outcome := 'superseded';
    RETURN published_state(a);
END $$;

CREATE FUNCTION publish(attempt_id bigint, claim_token bigint) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    a attempts := own_attempt(attempt_id);
    head heads;
    version_id bigint;
BEGIN
    IF a.outcome IN ('published', 'superseded') THEN
        RETURN published_state(a);
    END IF;
    a := open_attempt(attempt_id, claim_token);
    SELECT * INTO head FROM heads WHERE asset = a.asset AND partition = a.partition FOR UPDATE;
    PERFORM check_judge(a, claim_token, head);
    -- guard: publish_verdicts_passed
    IF EXISTS (SELECT FROM verdicts WHERE attempt = a.id AND severity = 'error' AND NOT passed) THEN
        PERFORM refuse('LG007', format('attempt %s failed a check', a.id));
    END IF;
    -- end guard
    PERFORM check_inputs_of(a);
    version_id := staged_version(a);
    -- guard: publish_order
    IF is_superseded(a, head) THEN
        RETURN settle_superseded(a);
    END IF;
    -- end guard
    UPDATE versions SET number = head.last_number + 1, published_at = clock_timestamp() WHERE id = version_id;
    UPDATE heads SET version = version_id, last_number = head.last_number + 1, judged = 'published',
        judged_attempt = a.id, failed_checks = '{}', confirmed = nextval('tick')
    WHERE asset = a.asset AND partition = a.partition;
    PERFORM close_attempt(a.id, 'published', '{}');
    RETURN jsonb_build_object('outcome', 'published', 'number', head.last_number + 1, 'version_id', version_id);
END $$;

CREATE FUNCTION reject(attempt_id bigint, claim_token bigint) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    a attempts := open_attempt(attempt_id, claim_token);
    head heads;
    failed text[] := ARRAY(
        SELECT name FROM verdicts WHERE attempt = attempt_id AND severity = 'error' AND NOT passed ORDER BY name);
BEGIN
    SELECT * INTO head FROM heads WHERE asset = a.asset AND partition = a.partition FOR UPDATE;
    PERFORM check_judge(a, claim_token, head);
    -- guard: reject_failed
    IF failed = '{}' THEN
        PERFORM refuse('LG007', format('attempt %s failed no check', a.id));
    END IF;
    -- end guard
    -- guard: reject_order
    IF is_superseded(a, head) THEN
        RETURN settle_superseded(a);
    END IF;
    -- end guard
    UPDATE heads SET judged = 'rejected', judged_attempt = a.id, failed_checks = failed
    WHERE asset = a.asset AND partition = a.partition;
    PERFORM close_attempt(a.id, 'rejected', jsonb_build_object('checks', failed));
    RETURN jsonb_build_object('outcome', 'rejected', 'number', NULL, 'version_id', NULL);
END $$;

CREATE FUNCTION fail(attempt_id bigint, claim_token bigint, why text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    a attempts := own_attempt(attempt_id);
BEGIN
    -- A holder that lost its claim was settled by whoever took it over.
    IF a.outcome IS NULL AND EXISTS (SELECT FROM claims WHERE attempt = attempt_id AND token = claim_token) THEN
        PERFORM close_attempt(attempt_id, 'failed', jsonb_build_object('why', left(why, 2000)));
    END IF;
END $$;

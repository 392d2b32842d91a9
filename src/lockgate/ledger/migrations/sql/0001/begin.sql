-- Beginning an attempt: pin its inputs, freeze its checks, claim the work for as long as a lease lasts.

CREATE FUNCTION has_partition(spec jsonb, partition text) RETURNS boolean LANGUAGE sql IMMUTABLE
SET search_path = lockgate, pg_temp AS $$
    SELECT CASE spec -> 'partitions' ->> 'kind'
        WHEN 'none' THEN partition = ''
        WHEN 'static' THEN spec -> 'partitions' -> 'names' ? partition
        ELSE partition ~ '^\d{4}-\d\d-\d\d$' AND partition >= spec -> 'partitions' ->> 'start'
            AND partition <= coalesce(spec -> 'partitions' ->> 'end', '9999-12-31')
    END
$$;

-- Whether an asset reads all partitions of some input at once: then it runs one at a time.
CREATE FUNCTION fans_in(asset_key text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM asset_inputs AS i
        JOIN assets AS reader ON reader.key = i.asset
        JOIN assets AS source ON source.key = i.input
        WHERE i.asset = asset_key AND reader.kind = 'none' AND source.kind <> 'none')
$$;

-- The slices that an attempt must pin: of each input the same partition, the only one, or all published ones.
CREATE FUNCTION slices_to_pin(asset_key text, wanted text) RETURNS TABLE (asset text, partition text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
    SELECT source.key, CASE WHEN source.kind = 'none' THEN '' ELSE wanted END
    FROM asset_inputs AS i
    JOIN assets AS reader ON reader.key = i.asset
    JOIN assets AS source ON source.key = i.input
    WHERE i.asset = asset_key AND (source.kind = 'none' OR reader.kind <> 'none')
    UNION ALL
    SELECT heads.asset, heads.partition
    FROM asset_inputs AS i
    JOIN assets AS reader ON reader.key = i.asset
    JOIN assets AS source ON source.key = i.input
    JOIN heads ON heads.asset = source.key
    WHERE i.asset = asset_key AND source.kind <> 'none' AND reader.kind = 'none' AND heads.version IS NOT NULL
$$;

CREATE FUNCTION check_pins(me text, asset_key text, wanted text, pins bigint[]) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
DECLARE
    bad text;
BEGIN
    -- guard: begin_pins
    IF (SELECT array_agg(ROW(v.asset, v.partition)::text ORDER BY v.asset, v.partition)
        FROM versions AS v WHERE v.id = ANY (pins))
       IS DISTINCT FROM
       (SELECT array_agg(ROW(s.asset, s.partition)::text ORDER BY s.asset, s.partition)
        FROM slices_to_pin(asset_key, wanted) AS s) THEN
        PERFORM refuse('LG005', format('the pins are not one version of each input of %s', asset_key));
    END IF;
    -- end guard
    -- guard: begin_published
    SELECT v.asset INTO bad FROM versions AS v WHERE v.id = ANY (pins) AND v.published_at IS NULL LIMIT 1;
    IF bad IS NOT NULL THEN
        PERFORM refuse('LG010', format('a pinned version of %s is not published', bad));
    END IF;
    -- end guard
    -- guard: begin_withdrawn
    SELECT v.asset INTO bad FROM versions AS v WHERE v.id = ANY (pins) AND v.withdrawn_at IS NOT NULL LIMIT 1;
    IF bad IS NOT NULL THEN
        PERFORM refuse('LG005', format('a pinned version of %s is withdrawn', bad));
    END IF;
    -- end guard
    -- guard: begin_shared
    SELECT v.asset INTO bad FROM versions AS v WHERE v.id = ANY (pins) AND NOT shared_to(v.asset, me) LIMIT 1;
    IF bad IS NOT NULL THEN
        PERFORM refuse('LG010', format('%s is not shared with %s', bad, me));
    END IF;
    -- end guard
END $$;

-- Settle an open attempt; the claim goes with it.
CREATE FUNCTION close_attempt(attempt_id bigint, how text, why jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    a attempts;
BEGIN
    UPDATE attempts SET outcome = how, reason = why, finished_at = clock_timestamp()
    WHERE id = attempt_id AND outcome IS NULL RETURNING * INTO a;
    DELETE FROM claims WHERE attempt = attempt_id;
    IF a.id IS NOT NULL THEN
        UPDATE heads SET settled_attempt = a.id WHERE asset = a.asset AND partition = a.partition;
    END IF;
END $$;

-- The live claim of a slot; a claim whose lease ran out is cleared away, and its attempt settled as failed.
CREATE FUNCTION live_claim(asset_key text, slice text, wanted_slot text) RETURNS claims
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
DECLARE
    c claims;
BEGIN
    SELECT * INTO c FROM claims WHERE asset = asset_key AND partition = slice AND slot = wanted_slot FOR UPDATE;
    IF c.attempt IS NOT NULL AND c.expires_at <= clock_timestamp() THEN
        PERFORM close_attempt(c.attempt, 'failed', '{"why": "its lease ran out"}');
        c := NULL;
    END IF;
    RETURN c;
END $$;

CREATE FUNCTION own_asset(me text, asset_key text, wanted text) RETURNS assets LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    a assets;
BEGIN
    SELECT * INTO a FROM assets WHERE key = asset_key;
    -- guard: own_asset
    IF a.team IS DISTINCT FROM me THEN
        PERFORM refuse('LG001', format('%s is no asset of team %s', asset_key, me));
    END IF;
    -- end guard
    -- guard: active_asset
    IF NOT a.active THEN
        PERFORM refuse('LG003', format('%s is no longer deployed', asset_key));
    END IF;
    -- end guard
    -- guard: known_partition
    IF NOT has_partition(a.spec, wanted) THEN
        PERFORM refuse('LG003', format('%s has no partition %s', asset_key, quote_literal(wanted)));
    END IF;
    -- end guard
    RETURN a;
END $$;

CREATE FUNCTION begin_attempt(
    asset_key text, slice text, code text, run_id text, pin_ids bigint[], is_forced boolean, lease interval,
    queued_attempt bigint, queued_token bigint
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
DECLARE
    me text := caller_team();
    asset_row assets := own_asset(me, asset_key, slice);
    exclusive boolean := fans_in(asset_key);
    sorted bigint[] := ARRAY(SELECT unnest(pin_ids) ORDER BY 1);
    my_slot text := CASE WHEN exclusive THEN 'turn' ELSE md5(sorted::text || code) END;
    head heads;
    holder claims;
    pending claims;
    mine bigint;
    my_token bigint;
BEGIN
    -- guard: begin_code
    IF asset_row.code_version <> code THEN
        PERFORM refuse('LG004', format('the code of %s differs from what is deployed', asset_key));
    END IF;
    -- end guard
    INSERT INTO heads (asset, partition) VALUES (asset_key, slice) ON CONFLICT DO NOTHING;
    -- The head's row lock makes all of what follows one at a time for this slice.
    SELECT * INTO head FROM heads WHERE asset = asset_key AND partition = slice FOR UPDATE;
    PERFORM check_pins(me, asset_key, slice, sorted);
    holder := live_claim(asset_key, slice, my_slot);
    IF exclusive THEN
        pending := live_claim(asset_key, slice, 'pending');
        IF queued_attempt IS NOT NULL AND (pending.attempt, pending.token) IS DISTINCT FROM (queued_attempt, queued_token)
        THEN
            PERFORM refuse('LG006', format('attempt %s lost its place in the queue of %s', queued_attempt, asset_key));
        END IF;
        IF queued_attempt IS NULL AND pending.attempt IS NOT NULL THEN
            RETURN duplicate_of(pending.attempt, asset_key, slice, code, run_id, sorted);
        END IF;
    END IF;
    IF holder.attempt IS NOT NULL AND NOT exclusive THEN
        RETURN duplicate_of(holder.attempt, asset_key, slice, code, run_id, sorted);
    END IF;
    IF queued_attempt IS NULL THEN
        INSERT INTO attempts (asset, partition, code_version, flow_run_id) VALUES (asset_key, slice, code, run_id)
        RETURNING id INTO mine;
    ELSE
        mine := queued_attempt;
        DELETE FROM claims WHERE attempt = mine;
    END IF;
    INSERT INTO claims (asset, partition, slot, attempt, expires_at)
    VALUES (asset_key, slice, CASE WHEN holder.attempt IS NULL THEN my_slot ELSE 'pending' END, mine,
            clock_timestamp() + lease)
    RETURNING token INTO my_token;
    IF holder.attempt IS NOT NULL THEN
        RETURN jsonb_build_object('outcome', 'queued', 'attempt', mine, 'token', my_token, 'holder', run_of(holder.attempt));
    END IF;
    UPDATE attempts SET epoch = head.epoch, pinned_at = nextval('tick'), pins = sorted, forced = is_forced WHERE id = mine;
    INSERT INTO inputs (attempt, asset, partition, number, version)
    SELECT mine, v.asset, v.partition, v.number, v.id FROM versions AS v WHERE v.id = ANY (sorted);
    INSERT INTO verdicts (attempt, name, severity)
    SELECT mine, c.name, c.severity FROM asset_checks AS c WHERE c.asset = asset_key;
    RETURN jsonb_build_object('outcome', 'begun', 'attempt', mine, 'token', my_token, 'holder', NULL);
END $$;

CREATE FUNCTION run_of(attempt_id bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT flow_run_id FROM attempts WHERE id = attempt_id
$$;

CREATE FUNCTION duplicate_of(
    holder_attempt bigint, asset_key text, slice text, code text, run_id text, sorted bigint[]
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
DECLARE
    mine bigint;
BEGIN
    INSERT INTO attempts (asset, partition, code_version, flow_run_id, pins, outcome, holder, finished_at)
    VALUES (asset_key, slice, code, run_id, sorted, 'duplicate', holder_attempt, clock_timestamp())
    RETURNING id INTO mine;
    RETURN jsonb_build_object('outcome', 'duplicate', 'attempt', mine, 'token', 0, 'holder', run_of(holder_attempt));
END $$;

CREATE FUNCTION renew(attempt_id bigint, claim_token bigint, lease interval) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lockgate, pg_temp AS $$
BEGIN
    UPDATE claims SET expires_at = clock_timestamp() + lease
    WHERE attempt = attempt_id AND token = claim_token AND owns(asset);
    IF NOT FOUND THEN
        PERFORM refuse('LG006', format('attempt %s no longer holds its claim', attempt_id));
    END IF;
END $$;

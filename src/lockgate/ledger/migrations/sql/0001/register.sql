-- Registering: a team's assets are replaced as a whole, in one serialised transaction.

CREATE FUNCTION keys_of(items jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = lockgate, pg_temp AS $$
    SELECT coalesce(array_agg(item ->> 'key' ORDER BY item ->> 'key'), '{}') FROM jsonb_array_elements(items) AS item
$$;

CREATE FUNCTION replace_assets(me text, items jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
BEGIN
    INSERT INTO assets (key, team, name, spec, code_version, kind, effect, shared_with)
    SELECT item ->> 'key', me, item ->> 'name', item, item ->> 'code_version', item -> 'partitions' ->> 'kind',
           (item ->> 'effect')::boolean, ARRAY(SELECT jsonb_array_elements_text(item -> 'shared_with'))
    FROM jsonb_array_elements(items) AS item
    ON CONFLICT (key) DO UPDATE SET
        spec = excluded.spec, code_version = excluded.code_version, kind = excluded.kind, effect = excluded.effect,
        shared_with = excluded.shared_with, active = true, registered_at = clock_timestamp(), team = excluded.team,
        name = excluded.name;
    UPDATE assets SET active = false WHERE team = me AND key <> ALL (keys_of(items));
    DELETE FROM asset_inputs WHERE asset IN (SELECT key FROM assets WHERE team = me);
    DELETE FROM asset_checks WHERE asset IN (SELECT key FROM assets WHERE team = me);
    INSERT INTO asset_inputs (asset, input, on_rejected)
    SELECT item ->> 'key', input ->> 'key', input ->> 'on_rejected'
    FROM jsonb_array_elements(items) AS item, jsonb_array_elements(item -> 'inputs') AS input;
    INSERT INTO asset_checks (asset, name, severity)
    SELECT item ->> 'key', given ->> 'name', given ->> 'severity'
    FROM jsonb_array_elements(items) AS item, jsonb_array_elements(item -> 'checks') AS given;
END $$;

CREATE FUNCTION check_inputs(me text) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    edge record;
BEGIN
    FOR edge IN
        SELECT i.asset, i.input, reader.kind, source.active, source.kind AS source_kind,
               reader.spec -> 'partitions' = source.spec -> 'partitions' AS same_partitions
        FROM asset_inputs AS i
        JOIN assets AS reader ON reader.key = i.asset
        JOIN assets AS source ON source.key = i.input
        WHERE reader.team = me
    LOOP
        -- guard: register_active
        IF NOT edge.active THEN
            PERFORM refuse('LG002', format('%s reads %s, which is no longer deployed', edge.asset, edge.input));
        END IF;
        -- end guard
        -- guard: register_shared
        IF NOT shared_to(edge.input, me) THEN
            PERFORM refuse('LG002', format('%s reads %s, which is not shared with %s', edge.asset, edge.input, me));
        END IF;
        -- end guard
        -- guard: register_partitions
        IF 'none' NOT IN (edge.kind, edge.source_kind) AND NOT edge.same_partitions
           AND (edge.kind, edge.source_kind) <> ('daily', 'daily') THEN
            PERFORM refuse('LG002', format('%s is partitioned otherwise than its input %s', edge.asset, edge.input));
        END IF;
        -- end guard
    END LOOP;
END $$;

CREATE FUNCTION check_cycles(me text) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    looped text;
BEGIN
    WITH RECURSIVE above (asset, ancestor) AS (
        SELECT asset, input FROM asset_inputs JOIN assets ON assets.key = asset WHERE team = me
        UNION
        SELECT above.asset, i.input FROM above JOIN asset_inputs AS i ON i.asset = above.ancestor
    )
    SELECT asset INTO looped FROM above WHERE asset = ancestor LIMIT 1;
    -- guard: register_acyclic
    IF looped IS NOT NULL THEN
        PERFORM refuse('LG002', format('%s depends on itself', looped));
    END IF;
    -- end guard
END $$;

CREATE FUNCTION register(manifest jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE
    me text := caller_team();
    items jsonb := manifest -> 'assets';
    summary jsonb;
    unknown text;
BEGIN
    -- One at a time: two teams that register a cycle between them must not both find the graph sound.
    PERFORM pg_advisory_xact_lock(hashtext('lockgate.register'));
    SELECT jsonb_build_object(
        'created', coalesce(jsonb_agg(item -> 'key') FILTER (WHERE old.key IS NULL), '[]'),
        'changed', coalesce(jsonb_agg(item -> 'key') FILTER (WHERE old.spec <> item), '[]'),
        'unchanged', coalesce(jsonb_agg(item -> 'key') FILTER (WHERE old.spec = item), '[]'),
        'removed', (SELECT coalesce(jsonb_agg(key ORDER BY key), '[]') FROM assets
                    WHERE team = me AND active AND key <> ALL (keys_of(items))))
    INTO summary
    FROM jsonb_array_elements(items) AS item LEFT JOIN assets AS old ON old.key = item ->> 'key' AND old.active;
    SELECT input ->> 'key' INTO unknown
    FROM jsonb_array_elements(items) AS item, jsonb_array_elements(item -> 'inputs') AS input
    WHERE input ->> 'key' <> ALL (keys_of(items)) AND input ->> 'key' NOT IN (SELECT key FROM assets) LIMIT 1;
    IF unknown IS NOT NULL THEN  -- the foreign key says the same, less kindly
        PERFORM refuse('LG002', format('%s is not registered', unknown));
    END IF;
    PERFORM replace_assets(me, items);
    PERFORM check_inputs(me);
    PERFORM check_cycles(me);
    RETURN summary;
END $$;

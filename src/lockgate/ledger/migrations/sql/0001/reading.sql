-- What the gate, the sweep and the command line read. No value's location is in here.

CREATE FUNCTION head_json(h heads, with_inputs boolean) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT jsonb_build_object(
        'asset', h.asset, 'partition', h.partition, 'judged', h.judged, 'number', v.number, 'version_id', v.id,
        'code_version', a.code_version, 'failed_checks', h.failed_checks, 'confirmed', h.confirmed,
        'pinned_at', coalesce(a.pinned_at, 0),
        'inputs', CASE WHEN with_inputs THEN coalesce((
            SELECT jsonb_agg(jsonb_build_array(i.asset, i.partition, i.number)) FROM inputs AS i WHERE i.attempt = a.id),
            '[]') ELSE '[]' END)
    FROM (SELECT) AS one
    LEFT JOIN versions AS v ON v.id = h.version
    LEFT JOIN attempts AS a ON a.id = v.attempt
$$;

-- The registry and the heads that decide about one slice: of the asset and of all its ancestors.
CREATE FUNCTION snapshot(asset_key text, slice text) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    WITH RECURSIVE kin (key) AS (
        SELECT asset_key
        UNION
        SELECT i.input FROM kin JOIN asset_inputs AS i ON i.asset = kin.key
    ),
    known AS (SELECT assets.* FROM assets JOIN kin USING (key) WHERE active),
    -- Without a fan-in on the way, only this partition and the unpartitioned heads can matter.
    narrow AS (SELECT NOT EXISTS (SELECT FROM kin WHERE fans_in(kin.key)) AS yes)
    SELECT jsonb_build_object(
        'assets', (SELECT coalesce(jsonb_agg(spec), '[]') FROM known),
        'heads', (
            SELECT coalesce(jsonb_agg(head_json(h, h.asset = asset_key)), '[]')
            FROM heads AS h JOIN kin ON kin.key = h.asset, narrow
            WHERE h.partition IN (slice, '') OR NOT narrow.yes AND (h.asset <> asset_key)))
$$;

-- The same for the whole platform.
CREATE FUNCTION snapshot_all() RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT jsonb_build_object(
        'assets', (SELECT coalesce(jsonb_agg(spec), '[]') FROM assets WHERE active),
        'heads', (SELECT coalesce(jsonb_agg(head_json(h, true)), '[]') FROM heads AS h))
$$;

-- What dependents did so far: settled attempts by what they read, and the slices that live claims hold.
CREATE FUNCTION progress() RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT jsonb_build_object(
        'tried', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'asset', t.asset, 'partition', t.partition, 'pins', t.pins, 'code_version', t.code_version,
                'outcomes', t.outcomes, 'declined', t.declined)), '[]')
            FROM (
                SELECT a.asset, a.partition, a.pins, a.code_version, jsonb_agg(a.outcome) AS outcomes,
                    bool_or(EXISTS (SELECT FROM versions WHERE attempt = a.id AND withdrawn_at IS NOT NULL)) AS declined
                FROM attempts AS a
                WHERE a.outcome IN ('published', 'rejected', 'failed', 'superseded') AND a.pins <> '{}'
                GROUP BY a.asset, a.partition, a.pins, a.code_version) AS t),
        'claimed', (
            SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(asset, partition)), '[]')
            FROM claims WHERE expires_at > clock_timestamp()))
$$;

-- Who is calling. Always from session_user: neither SET ROLE, nor a setting, nor an argument changes that.

CREATE FUNCTION refuse(state text, message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', message USING ERRCODE = state;
END $$;

CREATE FUNCTION is_platform() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT session_user = 'lockgate_platform'
$$;

CREATE FUNCTION caller_team() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
DECLARE me text;
BEGIN
    SELECT name INTO me FROM teams WHERE role = session_user;
    IF me IS NULL THEN
        PERFORM refuse('LG001', format('login %s belongs to no team', session_user));
    END IF;
    RETURN me;
END $$;

-- Whether the caller owns an asset.
CREATE FUNCTION owns(asset_key text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM assets JOIN teams ON teams.name = assets.team
        WHERE assets.key = asset_key AND teams.role = session_user)
$$;

-- Whether a team may read an asset: its own, or one that is shared with it.
CREATE FUNCTION shared_to(asset_key text, team_name text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM assets
        WHERE key = asset_key AND (team = team_name OR shared_with && ARRAY[team_name, '*']))
$$;

-- Whether the caller may read an asset's published values.
CREATE FUNCTION reads(asset_key text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = lockgate, pg_temp AS $$
    SELECT is_platform() OR EXISTS (
        SELECT FROM teams WHERE role = session_user AND shared_to(asset_key, teams.name))
$$;

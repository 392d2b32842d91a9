-- Who may see and call what. Nobody but the owner may write a table; the functions do, as the owner.

ALTER TABLE versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE verdicts ENABLE ROW LEVEL SECURITY;

-- A value's location: the owner's own at any stage, others' once published, if shared.
CREATE POLICY own_versions ON versions FOR SELECT USING (owns(asset));
CREATE POLICY shared_versions ON versions FOR SELECT USING (published_at IS NOT NULL AND reads(asset));
-- A verdict's evidence: only of assets one may read.
CREATE POLICY readable_verdicts ON verdicts FOR SELECT
    USING (reads((SELECT asset FROM attempts WHERE attempts.id = verdicts.attempt)));

REVOKE ALL ON ALL TABLES IN SCHEMA lockgate FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA lockgate FROM PUBLIC;
GRANT USAGE ON SCHEMA lockgate TO lockgate_teams, lockgate_platform;
GRANT SELECT ON ALL TABLES IN SCHEMA lockgate TO lockgate_teams, lockgate_platform;
REVOKE ALL ON teams FROM lockgate_teams;
GRANT EXECUTE ON FUNCTION owns, reads, is_platform, snapshot, snapshot_all TO lockgate_teams, lockgate_platform;
GRANT EXECUTE ON FUNCTION progress, collect TO lockgate_platform;
GRANT EXECUTE ON FUNCTION
    register, begin_attempt, renew, stage, verdict, publish, reject, fail, record, confirm, rollback_to
    TO lockgate_teams;

-- Nothing is anybody's by default; nobody writes but through the functions, which run as the owner.

alter default privileges revoke execute on functions from public;
revoke all on schema lockgate, public from public;
revoke execute on all functions in schema lockgate from public;

grant usage on schema lockgate to lockgate_teams, lockgate_platform;
grant select on assets, asset_inputs, asset_checks, verdicts, versions, inputs, heads, claims, declined, alembic_version
    to lockgate_teams, lockgate_platform;
-- Not token, which fences; not reason, which may quote.
grant select (id, asset, partition, code_version, flow_run_id, forced, slot, base_epoch, pinned_at, outcome, holder,
              began_at, settled_at) on attempts to lockgate_teams, lockgate_platform;

grant execute on function me, owns, may_read, snapshot, history to lockgate_teams, lockgate_platform;
grant execute on function register, begin, renew, stage, verdict, publish, reject, fail, record, confirm, rollback
    to lockgate_teams;
grant execute on function progress, collect to lockgate_platform;

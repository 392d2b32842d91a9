-- Who sees waivers, and who may call what is new.

revoke execute on all functions in schema lockgate from public;

alter table waivers enable row level security;
create policy waivers_readable on waivers for select to lockgate_teams using (may_read(asset));
create policy waivers_platform on waivers for select to lockgate_platform using (true);
grant select on waivers to lockgate_teams, lockgate_platform;

grant execute on function announced to lockgate_teams, lockgate_platform;
grant execute on function waive to lockgate_teams;
grant execute on function expired, expire, expendable_versions, retire_versions, discarded, expendable_attempts,
    retire_attempts to lockgate_platform;

-- New functions are nobody's until they are granted.

revoke execute on all functions in schema lockgate from public;
grant execute on function fail to lockgate_teams;
grant execute on function rejection_of, cancel, under_way, only_round to lockgate_platform;

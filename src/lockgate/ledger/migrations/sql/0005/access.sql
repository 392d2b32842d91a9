-- Who may call what is new.

revoke execute on all functions in schema lockgate from public;
grant execute on function end_overlong to lockgate_platform;

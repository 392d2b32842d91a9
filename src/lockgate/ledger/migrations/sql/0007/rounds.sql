-- One round of the sweep at a time: its transaction holds this table. No team can, as it could an advisory lock.

create table rounds ();

create function only_round() returns boolean
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    lock table rounds in exclusive mode nowait;
    return true;
exception when lock_not_available then
    return false;
end
$$;

-- What of the data each login sees: its own, and of what is shared with it the published.

alter table versions enable row level security;
alter table verdicts enable row level security;

create policy versions_of_own on versions for select to lockgate_teams using (owns(asset));
create policy versions_shared on versions for select to lockgate_teams
    using (number is not null and may_read(asset));
create policy versions_platform on versions for select to lockgate_platform using (true);

create policy verdicts_of_own on verdicts for select to lockgate_teams
    using (exists (select from attempts where attempts.id = verdicts.attempt and owns(attempts.asset)));
create policy verdicts_shared on verdicts for select to lockgate_teams
    using (exists (
        select from attempts
        where attempts.id = verdicts.attempt and attempts.outcome = 'published' and may_read(attempts.asset)
    ));
create policy verdicts_platform on verdicts for select to lockgate_platform using (true);

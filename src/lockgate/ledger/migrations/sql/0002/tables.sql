-- What operating the platform adds: who published, what was announced, waivers, and what was given up.

-- A version is announced once its event is sent: by its run, else by the sweep. made_by is the login that made it.
alter table versions add column announced_at timestamptz;
update versions set announced_at = published_at;
alter table versions add column made_by name;
alter table versions alter column made_by set default session_user;
create index versions_unannounced on versions (id) where announced_at is null and number is not null;

-- Old published versions may be collected too. location is cleared once the store has deleted the value.
alter table versions drop constraint versions_collected;
create index versions_leavings on versions (id) where collected_at is not null and location is not null;

-- A failed check that its owner lets pass for one partition and a bounded time. Never changed, never deleted.
create table waivers (
    id bigint generated always as identity,
    asset text not null,
    partition text not null,
    name text not null,
    until timestamptz not null,
    why text not null,
    granted_by name not null default session_user,
    granted_at timestamptz not null default clock_timestamp(),
    constraint waivers_pkey primary key (id),
    constraint waivers_asset foreign key (asset) references assets (key),
    constraint waivers_bounded check (until > granted_at and until <= granted_at + interval '30 days'),
    constraint waivers_why check (btrim(why) <> '')
);
create index waivers_of_slice on waivers (asset, partition, name);

-- The waiver by which a failed verdict was let pass when its attempt was published.
alter table verdicts add column waiver bigint;
alter table verdicts add constraint verdicts_waiver foreign key (waiver) references waivers (id);

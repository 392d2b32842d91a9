-- What was staged and published, from which inputs, and what is current.

-- number is null until published. A rollback adds a row with a new number that restores an old one's data.
create table versions (
    id bigint generated always as identity,
    attempt bigint not null,
    asset text not null,
    partition text not null,
    number integer,
    restores integer,
    why text,
    location text,
    digest text not null default '',
    size bigint not null default 0,
    rows bigint,
    metadata jsonb not null default '{}',
    staged_at timestamptz not null default clock_timestamp(),
    published_at timestamptz,
    withdrawn_at timestamptz,
    collected_at timestamptz,
    constraint versions_pkey primary key (id),
    constraint versions_attempt foreign key (attempt) references attempts (id),
    constraint versions_asset foreign key (asset) references assets (key),
    constraint versions_number unique (asset, partition, number),
    constraint versions_identity unique (id, asset, partition, number),
    constraint versions_restores foreign key (asset, partition, restores)
        references versions (asset, partition, number),
    constraint versions_positive check (number >= 1),
    constraint versions_published check ((number is null) = (published_at is null)),
    constraint versions_why check ((restores is null) = (why is null)),
    constraint versions_withdrawn check (withdrawn_at is null or number is not null),
    constraint versions_collected check (collected_at is null or number is null),
    -- Within the folder of the attempt that made it, and not out of it again.
    constraint versions_location check (
        starts_with(location || '/', asset || '/' || coalesce(nullif(partition, ''), '_') || '/' || attempt || '/')
        and location !~ '(^|/)\.\.?(/|$)'
    )
);
create unique index versions_one_per_attempt on versions (attempt) where restores is null;

-- The pins of an attempt. The composite key says that a pin names a published version of that very slice.
create table inputs (
    attempt bigint not null,
    asset text not null,
    partition text not null,
    number integer not null,
    version bigint not null,
    constraint inputs_pkey primary key (attempt, asset, partition),
    constraint inputs_attempt foreign key (attempt) references attempts (id),
    constraint inputs_version foreign key (version, asset, partition, number)
        references versions (id, asset, partition, number)
);

-- Its row is also the lock of its slice: every function that writes to a slice takes it first.
create table heads (
    asset text not null,
    partition text not null,
    judged text,
    judged_by bigint,
    failed_checks text[] not null default '{}',
    current bigint,
    number integer,
    epoch bigint not null default 0,
    confirmed bigint not null default 0,
    constraint heads_pkey primary key (asset, partition),
    constraint heads_asset foreign key (asset) references assets (key),
    constraint heads_judged_by foreign key (judged_by) references attempts (id),
    constraint heads_current foreign key (current, asset, partition, number)
        references versions (id, asset, partition, number),
    constraint heads_judged check (judged in ('published', 'rejected')),
    constraint heads_judge check ((judged is null) = (judged_by is null)),
    constraint heads_number check ((current is null) = (number is null)),
    constraint heads_published check (judged <> 'published' or current is not null)
);

-- Inputs and code whose version a rollback withdrew: not to be made again by the sweep.
create table declined (
    asset text not null,
    partition text not null,
    slot text not null,
    constraint declined_pkey primary key (asset, partition, slot),
    constraint declined_asset foreign key (asset) references assets (key)
);

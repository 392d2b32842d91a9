-- What runs did: attempts, the verdicts of their checks, and the leases of those under way.

-- The ledger's clock: orders its events, where wall clocks of machines would not.
create sequence tick;

-- outcome is null while the attempt is under way. slot, base_epoch and pinned_at are set once it computes:
-- never for one that ended at the gate, not yet for one that waits for its turn.
create table attempts (
    id bigint generated always as identity,
    asset text not null,
    partition text not null,
    code_version text not null,
    flow_run_id text not null,
    token bigint not null default nextval('tick'),
    forced boolean not null default false,
    slot text,
    base_epoch bigint,
    pinned_at bigint,
    outcome text,
    reason jsonb not null default '{}',
    holder bigint,
    began_at timestamptz not null default clock_timestamp(),
    settled_at timestamptz,
    constraint attempts_pkey primary key (id),
    constraint attempts_asset foreign key (asset) references assets (key),
    constraint attempts_holder foreign key (holder) references attempts (id),
    constraint attempts_outcome check (outcome in (
        'published', 'rejected', 'failed', 'blocked', 'waiting', 'unchanged', 'duplicate', 'superseded'
    )),
    constraint attempts_settled check ((outcome is null) = (settled_at is null)),
    constraint attempts_begun check (
        outcome not in ('published', 'rejected', 'superseded')
        or (slot is not null and base_epoch is not null and pinned_at is not null)
    )
);
create index attempts_of_slice on attempts (asset, partition, id desc);
create index attempts_of_flow_run on attempts (flow_run_id);

-- One row per check, made by begin(), so that a redeploy changes nothing for a run under way.
create table verdicts (
    attempt bigint not null,
    name text not null,
    severity text not null,
    passed boolean,
    rows_failed bigint,
    rows_seen bigint,
    message text not null default '',
    example text not null default '',
    constraint verdicts_pkey primary key (attempt, name),
    constraint verdicts_attempt foreign key (attempt) references attempts (id),
    constraint verdicts_severity check (severity in ('error', 'warn'))
);

-- slot is the attempt's, or 'running' or 'pending' for an unpartitioned asset with a partitioned input.
create table claims (
    asset text not null,
    partition text not null,
    slot text not null,
    attempt bigint not null,
    expires timestamptz not null,
    constraint claims_pkey primary key (asset, partition, slot),
    constraint claims_asset foreign key (asset) references assets (key),
    constraint claims_attempt foreign key (attempt) references attempts (id),
    constraint claims_one_per_attempt unique (attempt)
);

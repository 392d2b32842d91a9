-- Who there is and what each team has registered. Written by register() only; teams by the administrator.

create table teams (
    name text not null,
    role name not null,
    constraint teams_pkey primary key (name),
    constraint teams_role unique (role),
    constraint teams_name check (name ~ '^[a-z][a-z0-9_]{0,39}$')
);

-- spec is the asset as its manifest has it; the other columns repeat what the functions decide on.
-- An asset that is no longer in its team's manifest stays, inactive, with its history.
create table assets (
    key text not null,
    team text not null,
    name text not null,
    active boolean not null,
    code_version text not null,
    partitions jsonb not null,
    effect boolean not null,
    shared_with text[] not null,
    spec jsonb not null,
    constraint assets_pkey primary key (key),
    constraint assets_team foreign key (team) references teams (name),
    constraint assets_name check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    constraint assets_key check (key = team || '/' || name),
    constraint assets_partitions check (partitions ->> 'kind' in ('none', 'daily', 'static'))
);

create table asset_inputs (
    asset text not null,
    input text not null,
    param text not null,
    on_rejected text not null,
    triggers boolean,
    constraint asset_inputs_pkey primary key (asset, input),
    constraint asset_inputs_asset foreign key (asset) references assets (key),
    constraint asset_inputs_input foreign key (input) references assets (key),
    constraint asset_inputs_param unique (asset, param),
    constraint asset_inputs_on_rejected check (on_rejected in ('block', 'last_good'))
);

create table asset_checks (
    asset text not null,
    name text not null,
    severity text not null,
    constraint asset_checks_pkey primary key (asset, name),
    constraint asset_checks_asset foreign key (asset) references assets (key),
    constraint asset_checks_name check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    constraint asset_checks_severity check (severity in ('error', 'warn'))
);

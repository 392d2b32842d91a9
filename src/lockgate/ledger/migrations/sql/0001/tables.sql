-- The ledger's tables. Nobody writes them but the functions beside this file; see policies.sql for who reads what.

CREATE SEQUENCE tick;  -- orders the ledger's events, and numbers fencing tokens

CREATE TABLE teams (
    name text PRIMARY KEY CONSTRAINT team_name CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    role name NOT NULL CONSTRAINT team_role UNIQUE
);

CREATE TABLE assets (
    key text PRIMARY KEY,
    team text NOT NULL REFERENCES teams,
    name text NOT NULL,
    spec jsonb NOT NULL,
    code_version text NOT NULL,
    kind text NOT NULL CONSTRAINT partition_kind CHECK (kind IN ('none', 'daily', 'static')),
    effect boolean NOT NULL,
    shared_with text[] NOT NULL,
    active boolean NOT NULL DEFAULT true,
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT asset_namespace CHECK (key = team || '/' || name),
    CONSTRAINT asset_name CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$')
);

CREATE TABLE asset_inputs (
    asset text NOT NULL REFERENCES assets,
    input text NOT NULL REFERENCES assets,
    on_rejected text NOT NULL CONSTRAINT on_rejected_word CHECK (on_rejected IN ('block', 'last_good')),
    PRIMARY KEY (asset, input)
);

CREATE TABLE asset_checks (
    asset text NOT NULL REFERENCES assets,
    name text NOT NULL CONSTRAINT check_name CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    severity text NOT NULL CONSTRAINT check_severity CHECK (severity IN ('error', 'warn')),
    CONSTRAINT check_once PRIMARY KEY (asset, name)
);

CREATE TABLE attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset text NOT NULL REFERENCES assets,
    partition text NOT NULL,
    code_version text NOT NULL,
    flow_run_id text NOT NULL,
    forced boolean NOT NULL DEFAULT false,
    epoch bigint NOT NULL DEFAULT 0,              -- the head's epoch when the pins were taken
    pinned_at bigint NOT NULL DEFAULT nextval('tick'),
    pins bigint[] NOT NULL DEFAULT '{}',          -- version ids, sorted: what it read, as one comparable value
    outcome text CONSTRAINT outcome_word CHECK (outcome IN ('published', 'rejected', 'failed', 'blocked',
        'waiting', 'unchanged', 'duplicate', 'superseded')),
    reason jsonb NOT NULL DEFAULT '{}' CONSTRAINT reason_bounded CHECK (length(reason::text) <= 20000),
    holder bigint REFERENCES attempts,            -- of a duplicate: the attempt that does the work
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    CONSTRAINT settled_has_time CHECK ((outcome IS NULL) = (finished_at IS NULL))
);
CREATE INDEX attempts_by_slice ON attempts (asset, partition, id DESC);
CREATE INDEX attempts_by_flow_run ON attempts (flow_run_id);

CREATE TABLE verdicts (
    attempt bigint NOT NULL REFERENCES attempts,
    name text NOT NULL,
    severity text NOT NULL CONSTRAINT verdict_severity CHECK (severity IN ('error', 'warn')),
    passed boolean,                               -- NULL until the check has run
    rows_failed bigint,
    rows_seen bigint,
    message text NOT NULL DEFAULT '' CONSTRAINT message_bounded CHECK (length(message) <= 300),
    example text NOT NULL DEFAULT '' CONSTRAINT example_bounded CHECK (length(example) <= 200),
    PRIMARY KEY (attempt, name)
);

CREATE TABLE versions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt bigint NOT NULL REFERENCES attempts,
    asset text NOT NULL REFERENCES assets,
    partition text NOT NULL,
    number bigint,                                -- NULL until published
    location text,                                -- NULL for an effect
    digest text,
    size bigint,
    rows bigint,
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT metadata_bounded CHECK (length(metadata::text) <= 100000),
    restores bigint REFERENCES versions,          -- of a rollback: the version whose data it is
    staged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    withdrawn_at timestamptz,
    withdrawn_why text,
    collected_at timestamptz,
    CONSTRAINT one_number_per_slice UNIQUE (asset, partition, number),
    CONSTRAINT published_has_number CHECK ((number IS NULL) = (published_at IS NULL)),
    CONSTRAINT published_is_kept CHECK (collected_at IS NULL OR published_at IS NULL),
    CONSTRAINT location_in_namespace CHECK (starts_with(location, asset || '/') AND location !~ '(^|/)\.\.?(/|$)')
);
CREATE UNIQUE INDEX one_value_per_attempt ON versions (attempt) WHERE restores IS NULL;

CREATE TABLE inputs (
    attempt bigint NOT NULL REFERENCES attempts,
    asset text NOT NULL,
    partition text NOT NULL,
    number bigint NOT NULL,
    version bigint NOT NULL REFERENCES versions,
    PRIMARY KEY (attempt, asset, partition)
);
CREATE INDEX inputs_by_version ON inputs (version);

CREATE TABLE heads (
    asset text NOT NULL REFERENCES assets,
    partition text NOT NULL,
    version bigint REFERENCES versions,           -- the current published version
    last_number bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0,              -- moved by a rollback: fences attempts under way
    judged text CONSTRAINT judged_word CHECK (judged IN ('published', 'rejected')),
    judged_attempt bigint REFERENCES attempts,
    failed_checks text[] NOT NULL DEFAULT '{}',
    confirmed bigint NOT NULL DEFAULT 0,
    settled_attempt bigint REFERENCES attempts,   -- the latest settled attempt that was no duplicate
    PRIMARY KEY (asset, partition)
);

CREATE TABLE claims (
    asset text NOT NULL REFERENCES assets,
    partition text NOT NULL,
    slot text NOT NULL,                           -- digest of pins and code; 'turn' and 'pending' for a fan-in
    attempt bigint NOT NULL REFERENCES attempts CONSTRAINT one_claim_per_attempt UNIQUE,
    token bigint NOT NULL DEFAULT nextval('tick'),
    expires_at timestamptz NOT NULL,
    CONSTRAINT one_holder_per_slot PRIMARY KEY (asset, partition, slot)
);

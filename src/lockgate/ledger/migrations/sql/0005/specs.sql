-- What is registered is read by everybody, so its form is judged before it is stored. Fields that a newer release adds
-- are let pass: who cannot read them says so of that asset alone.

create function is_text(p_value jsonb, p_longest integer default 10000) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select coalesce(jsonb_typeof(p_value) = 'string' and length(p_value #>> '{}') <= p_longest, false)
$$;

create function is_texts(p_value jsonb) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select case when jsonb_typeof(p_value) = 'array'
        then not exists (select from jsonb_array_elements(p_value) as each where not is_text(each)) else false end
$$;

-- A number from p_least to what any reader can hold.
create function is_number(p_value jsonb, p_least numeric, p_whole boolean) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select case when jsonb_typeof(p_value) = 'number'
        then p_value::numeric between p_least and 1000000000 and (not p_whole or p_value #>> '{}' ~ '^[0-9]+$')
        else false end
$$;

create function is_null(p_value jsonb) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select p_value is null or p_value = 'null'
$$;

create function are_partitions(p_value jsonb) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select coalesce(case p_value ->> 'kind'
        when 'none' then true
        when 'daily' then is_text(p_value -> 'start') and is_day(p_value ->> 'start') and (
            is_null(p_value -> 'end')
            or (is_text(p_value -> 'end') and is_day(p_value ->> 'end') and p_value ->> 'end' >= p_value ->> 'start'))
        when 'static' then case when is_texts(p_value -> 'names') then (
            select count(*) > 0 and count(*) = count(distinct name)
                and bool_and(name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$')
            from jsonb_array_elements_text(p_value -> 'names') as name
        ) end
    end, false)
$$;

create function is_schedule(p_value jsonb) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select is_null(p_value) or case when jsonb_typeof(p_value) = 'object' then case
        when p_value ? 'cron' then is_text(p_value -> 'cron', 200) and is_text(p_value -> 'timezone', 100)
        else is_number(p_value -> 'interval', 1, false)
    end else false end
$$;

create function is_contract(p_value jsonb) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select is_null(p_value) or case
        when jsonb_typeof(p_value) = 'object' and is_text(p_value -> 'name') and is_texts(p_value -> 'rules')
            and jsonb_typeof(p_value -> 'columns') = 'array'
        then not exists (
            select from jsonb_array_elements(p_value -> 'columns') as given
            where jsonb_typeof(given) <> 'object' or not is_text(given -> 'name') or not is_text(given -> 'dtype')
                or not is_texts(given -> 'rules') or jsonb_typeof(given -> 'nullable') is distinct from 'boolean'
                or jsonb_typeof(given -> 'unique') is distinct from 'boolean'
        )
        else false end
$$;

create function are_inputs(p_value jsonb) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select case when jsonb_typeof(p_value) = 'array' then not exists (
        select from jsonb_array_elements(p_value) as given
        where jsonb_typeof(given) <> 'object' or not is_text(given -> 'key') or not is_text(given -> 'param')
            or coalesce(given ->> 'on_rejected' not in ('block', 'last_good'), true)
            or not (is_null(given -> 'triggers') or jsonb_typeof(given -> 'triggers') = 'boolean')
            or not (is_null(given -> 'trust') or given ->> 'trust' = 'pickle')
    ) else false end
$$;

create function are_checks(p_value jsonb) returns boolean
language sql immutable set search_path = lockgate, pg_temp
as $$
    select case when jsonb_typeof(p_value) = 'array' then not exists (
        select from jsonb_array_elements(p_value) as given
        where jsonb_typeof(given) <> 'object' or not is_text(given -> 'name', 63)
            or coalesce(given ->> 'severity' not in ('error', 'warn'), true)
    ) else false end
$$;

-- The first field of an asset's spec that is not of the form every reader takes for granted; null if all are.
create function faulty_field(p_spec jsonb) returns text
language sql immutable set search_path = lockgate, pg_temp
as $$
    select field from (values
        (1, 'name', is_text(p_spec -> 'name', 63)),
        (2, 'description', is_text(p_spec -> 'description')),
        (3, 'owners', is_texts(p_spec -> 'owners')),
        (4, 'tags', is_texts(p_spec -> 'tags')),
        (5, 'effect', jsonb_typeof(p_spec -> 'effect') = 'boolean'),
        (6, 'partitions', are_partitions(p_spec -> 'partitions')),
        (7, 'schedule', is_schedule(p_spec -> 'schedule')),
        (8, 'wants', p_spec ->> 'wants' in ('any', 'all')),
        (9, 'shared_with', is_texts(p_spec -> 'shared_with')),
        (10, 'code_version', is_text(p_spec -> 'code_version', 200)),
        (11, 'inputs', are_inputs(p_spec -> 'inputs')),
        (12, 'checks', are_checks(p_spec -> 'checks')),
        (13, 'retries', is_number(p_spec -> 'retries', 0, true)),
        (14, 'timeout', is_null(p_spec -> 'timeout') or is_number(p_spec -> 'timeout', 0, false)),
        (15, 'contract', is_contract(p_spec -> 'contract')),
        (16, 'keep', is_null(p_spec -> 'keep') or is_number(p_spec -> 'keep', 1, true)),
        (17, 'catch_up', not p_spec ? 'catch_up' or p_spec ->> 'catch_up' in ('latest', 'all', 'none')),
        (18, 'size', length(p_spec::text) <= 500000)
    ) as judged (turn, field, sound)
    where sound is not true order by turn limit 1
$$;

-- How many versions an asset keeps; null, which is all, also for what was registered before this was judged.
create function keep_of(p_spec jsonb) returns integer
language sql immutable set search_path = lockgate, pg_temp
as $$
    select case when is_number(p_spec -> 'keep', 1, true) then (p_spec ->> 'keep')::integer end
$$;

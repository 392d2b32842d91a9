-- Replaces everything the calling team has registered. One deploy at a time, all or nothing.

create function register(p_manifest jsonb) returns jsonb
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    summary jsonb;
begin
    -- A lock that a team cannot take by itself, unlike an advisory one.
    lock table assets in share row exclusive mode;
    perform check_manifest(p_manifest);
    summary := compare_manifest(p_manifest);
    perform store_assets(p_manifest);
    perform store_inputs(p_manifest);
    perform check_edges();
    return summary;
end
$$;

create function check_manifest(p_manifest jsonb) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    wrong text;
begin
    -- guard: own_manifest
    if coalesce(p_manifest ->> 'team' <> me(), true) then
        perform refuse('LG001', format('Team %s cannot register for team %s.', me(), p_manifest ->> 'team'), null,
                       'Deploy each team with its own credentials.');
    end if;
    -- end guard
    select asset ->> 'key' into wrong from jsonb_array_elements(p_manifest -> 'assets') as asset
    where (asset ->> 'key') is distinct from me() || '/' || (asset ->> 'name');
    -- guard: own_namespace
    if found then
        perform refuse('LG001', format('Team %s cannot register %s.', me(), wrong), wrong,
                       'A team registers assets of its own name only.');
    end if;
    -- end guard
    select asset ->> 'key' into wrong from jsonb_array_elements(p_manifest -> 'assets') as asset
    group by asset ->> 'key' having count(*) > 1;
    -- guard: asset_once
    if found then
        perform refuse('LG002', format('%s is in the manifest twice.', wrong), wrong, 'Rename one of the two.');
    end if;
    -- end guard
end
$$;

create function compare_manifest(p_manifest jsonb) returns jsonb
language sql stable security definer set search_path = lockgate, pg_temp
as $$
    with wanted as (
        select asset ->> 'key' as key, asset as spec from jsonb_array_elements(p_manifest -> 'assets') as asset
    ), compared as (
        select coalesce(wanted.key, known.key) as key,
            case
                when known.key is null then 'created'
                when wanted.key is null then 'removed'
                when wanted.spec = known.spec then 'unchanged'
                else 'changed'
            end as change
        from wanted
        full join (select * from assets where team = me() and active) as known on known.key = wanted.key
    )
    select jsonb_build_object('created', '[]'::jsonb, 'changed', '[]'::jsonb, 'removed', '[]'::jsonb,
                              'unchanged', '[]'::jsonb)
        || coalesce(jsonb_object_agg(change, keys), '{}')
    from (select change, jsonb_agg(key order by key) as keys from compared group by change) as changes
$$;

create function store_assets(p_manifest jsonb) returns void
language sql security definer set search_path = lockgate, pg_temp
as $$
    update assets set active = false where team = me();
    delete from asset_inputs where asset in (select key from assets where team = me());
    delete from asset_checks where asset in (select key from assets where team = me());

    insert into assets (key, team, name, active, code_version, partitions, effect, shared_with, spec)
    select asset ->> 'key', me(), asset ->> 'name', true, asset ->> 'code_version', asset -> 'partitions',
        (asset ->> 'effect')::boolean,
        array(select jsonb_array_elements_text(asset -> 'shared_with')), asset
    from jsonb_array_elements(p_manifest -> 'assets') as asset
    on conflict (key) do update
    set active = true, code_version = excluded.code_version, partitions = excluded.partitions,
        effect = excluded.effect, shared_with = excluded.shared_with, spec = excluded.spec;

    insert into asset_checks (asset, name, severity)
    select asset ->> 'key', given ->> 'name', given ->> 'severity'
    from jsonb_array_elements(p_manifest -> 'assets') as asset, jsonb_array_elements(asset -> 'checks') as given;
$$;

create function store_inputs(p_manifest jsonb) returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    wrong record;
begin
    select asset ->> 'key' as asset, given ->> 'key' as input into wrong
    from jsonb_array_elements(p_manifest -> 'assets') as asset, jsonb_array_elements(asset -> 'inputs') as given
    where not exists (select from assets where key = given ->> 'key' and active);
    -- guard: known_input
    if found then
        perform refuse('LG002', format('%s reads %s, which is not registered.', wrong.asset, wrong.input), wrong.asset,
                       format('Mend the key, or let its owner run: lockgate deploy %s', split_part(wrong.input, '/', 1)));
    end if;
    -- end guard
    insert into asset_inputs (asset, input, param, on_rejected, triggers)
    select asset ->> 'key', given ->> 'key', given ->> 'param', given ->> 'on_rejected', (given ->> 'triggers')::boolean
    from jsonb_array_elements(p_manifest -> 'assets') as asset, jsonb_array_elements(asset -> 'inputs') as given;
end
$$;

-- What must hold between the team's assets and their inputs, looked at once all of them are in the tables.
create function check_edges() returns void
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
declare
    wrong record;
begin
    select asset, input into wrong from asset_inputs where owns(asset) and not may_read(input);
    -- guard: shared_input
    if found then
        perform refuse('LG002', format('%s reads %s, which is not shared with team %s.', wrong.asset, wrong.input, me()),
                       wrong.asset, format('Let team %s add "%s" to its shared_with and deploy.',
                                           split_part(wrong.input, '/', 1), me()));
    end if;
    -- end guard
    select asset, input into wrong from asset_inputs
    join assets as dependent on dependent.key = asset
    join assets as source on source.key = input
    where owns(asset) and not fits(dependent.partitions, source.partitions);
    -- guard: fitting_input
    if found then
        perform refuse('LG002', format('%s is partitioned otherwise than its input %s.', wrong.asset, wrong.input),
                       wrong.asset, 'Give both the same partitions, or make one of them unpartitioned.');
    end if;
    -- end guard
    -- Only the caller's inputs changed, so a new cycle leads through an asset of the caller.
    with recursive above (start, at) as (
        select asset, input from asset_inputs where owns(asset)
        union
        select above.start, asset_inputs.input from above join asset_inputs on asset_inputs.asset = above.at
    )
    select start into wrong from above where start = at;
    -- guard: no_cycle
    if found then
        perform refuse('LG002', format('%s depends on itself.', wrong.start), wrong.start, 'Remove one of these inputs.');
    end if;
    -- end guard
end
$$;

-- Inputs that an asset was registered with and no longer is: its versions may still be made from them.
create table dropped_inputs (
    asset text not null,
    input text not null,
    constraint dropped_inputs_pkey primary key (asset, input),
    constraint dropped_inputs_asset foreign key (asset) references assets (key),
    constraint dropped_inputs_input foreign key (input) references assets (key)
);

insert into dropped_inputs (asset, input)
select distinct attempts.asset, inputs.asset from inputs join attempts on attempts.id = inputs.attempt
except
select asset, input from asset_inputs;

-- Whoever changes the registry, in whatever order: what is not registered afterwards was dropped.
create function note_dropped_input() returns trigger
language plpgsql security definer set search_path = lockgate, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        insert into dropped_inputs (asset, input) values (old.asset, old.input) on conflict do nothing;
    else
        delete from dropped_inputs where asset = new.asset and input = new.input;
    end if;
    return null;
end
$$;

create trigger note_dropped_input after insert or delete on asset_inputs
for each row execute function note_dropped_input();

-- Names that would be taken for the platform's, or for another team's setting: TEAM__NAME. Teams that have one keep it.

alter table teams add constraint teams_reserved check (name not in ('platform', 'lockgate', 'prefect')) not valid;
alter table teams add constraint teams_single_underscores check (name !~ '__|_$') not valid;

-- What a build's app.json asks for beyond its manifest, and which file each line of the manifest comes from: json. Builds from
-- before have none.
alter table builds add column declared text;

-- When the command that app.json names for a new app is no longer due. An app that has served before is not new.
alter table apps add column set_up_at timestamptz;

update apps
set set_up_at = now()
where id in (select app_id from releases where state in ('active', 'superseded'));

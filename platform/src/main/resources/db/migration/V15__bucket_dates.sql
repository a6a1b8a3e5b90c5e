-- Clients of S3 show it beside the name. Of those that were destroyed before, nobody knows it any more.
alter table buckets add column created_at timestamptz not null default now();
update buckets set created_at = resources.created_at from resources where resources.id = buckets.id;
alter table buckets alter column created_at drop default;

-- A release beside the active one that gets a share of the requests. Its rollout is pending until its instances are up,
-- then a canary, and pending again while it is promoted.
alter table rollouts drop constraint rollouts_state_check;
alter table rollouts add constraint rollouts_state_check
    check (state in ('pending', 'active', 'canary', 'superseded', 'failed'));
alter table rollouts add column percent integer check (percent between 1 and 99);
alter table rollouts add column promoted_at timestamptz;

create unique index one_canary_rollout on rollouts (app_id) where state = 'canary';

-- Withdrawn: it was a canary and never more.
alter table releases drop constraint releases_state_check;
alter table releases add constraint releases_state_check
    check (state in ('pending', 'active', 'canary', 'superseded', 'withdrawn', 'failed'));

alter table deploys drop constraint deploys_kind_check;
alter table deploys add constraint deploys_kind_check
    check (kind in ('deploy', 'config', 'rollback', 'restart', 'promote'));
alter table deploys add column canary integer; -- the share in percent that the release is to get

create table apps (
    id         integer generated always as identity primary key,
    name       text        not null unique,
    created_at timestamptz not null
);

create table domains (
    name   text primary key,
    app_id integer not null references apps on delete cascade
);

-- The config of the next release; each release keeps the values it was made with. Values are sealed with the platform's key.
create table config_vars (
    app_id integer not null references apps on delete cascade,
    name   text    not null,
    value  bytea   not null,
    primary key (app_id, name)
);

-- How many instances the user asked for; a process type without a row runs what its manifest says.
create table formation (
    app_id  integer not null references apps on delete cascade,
    process text    not null,
    count   integer not null check (count >= 0),
    primary key (app_id, process)
);

create table builds (
    id         text primary key,
    app_id     integer     not null references apps on delete cascade,
    slug       text        not null, -- json
    manifest   text        not null, -- json
    created_at timestamptz not null
);

create table releases (
    app_id      integer     not null references apps on delete cascade,
    version     integer     not null,
    build_id    text        not null references builds on delete cascade,
    config      bytea       not null, -- sealed json
    state       text        not null check (state in ('pending', 'active', 'superseded', 'failed')),
    description text        not null,
    reason      text,
    created_at  timestamptz not null,
    primary key (app_id, version)
);

create unique index one_active_release on releases (app_id) where state = 'active';

-- One change of an app on its way: a deploy, a config change, a rollback or a restart.
create table deploys (
    id          text primary key,
    app_id      integer     not null references apps on delete cascade,
    kind        text        not null check (kind in ('deploy', 'config', 'rollback', 'restart')),
    state       text        not null check (state in ('queued', 'building', 'releasing', 'starting', 'done', 'failed', 'cancelled')),
    description text        not null,
    target      integer, -- the release a rollback goes back to
    version     integer,
    problem     text, -- json
    created_at  timestamptz not null,
    finished_at timestamptz
);

create index deploys_by_app on deploys (app_id, created_at);

-- Taking one release to its instances. At most one is active, and at most one on its way.
create table rollouts (
    id         bigint generated always as identity primary key,
    app_id     integer     not null references apps on delete cascade,
    version    integer     not null,
    state      text        not null check (state in ('pending', 'active', 'superseded', 'failed')),
    problem    text, -- json
    created_at timestamptz not null,
    foreign key (app_id, version) references releases on delete cascade
);

create unique index one_active_rollout on rollouts (app_id) where state = 'active';
create unique index one_pending_rollout on rollouts (app_id) where state = 'pending';

-- Written before the engine is asked, so that no instance runs that is not known here.
create table instances (
    id         text primary key,
    app_id     integer     not null references apps on delete cascade,
    rollout_id bigint      not null references rollouts on delete cascade,
    process    text        not null,
    number     integer     not null,
    crashes    integer     not null, -- in a row, before this start
    stopping   boolean     not null default false,
    started_at timestamptz not null,
    exited_at  timestamptz,
    exit       text -- for people
);

create index instances_by_app on instances (app_id);

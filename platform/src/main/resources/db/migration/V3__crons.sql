-- Up to when a schedule has been seen to: what was due since then has neither run nor been missed.
create table cron_marks (
    app_id     integer     not null references apps on delete cascade,
    name       text        not null,
    schedule   text        not null, -- with its time zone; another one begins anew
    seen_until timestamptz not null,
    primary key (app_id, name)
);

-- Written before the engine is asked, so that no run goes on that is not known here. No reference to the release: the
-- history lives longer.
create table cron_runs (
    id           text primary key, -- also the instance's
    app_id       integer     not null references apps on delete cascade,
    name         text        not null,
    version      integer     not null,
    state        text        not null check (state in ('running', 'succeeded', 'failed', 'timed-out', 'skipped', 'missed')),
    ending       text check (ending in ('failed', 'timed-out')), -- the state that it is going to have, as it was told to end
    count        integer     not null default 1,
    status       integer,
    reason       text,
    scheduled_at timestamptz not null,
    started_at   timestamptz,
    deadline     timestamptz,
    finished_at  timestamptz
);

create index cron_runs_by_name on cron_runs (app_id, name, scheduled_at);

-- Commands that run by themselves in a release. Written before the engine is asked, as instances are.
create table runs (
    id         text primary key,
    app_id     integer     not null references apps on delete cascade,
    version    integer     not null, -- of the release
    command    text        not null,
    stopping   boolean     not null default false,
    started_at timestamptz not null,
    exited_at  timestamptz,
    status     integer, -- none for one that is lost
    exit       text -- for people
);

create index runs_by_app on runs (app_id, started_at);

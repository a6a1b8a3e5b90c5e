-- What apps are given: databases and the like. Secrets are sealed with secret.key.
create table resources (
    id bigint generated always as identity primary key,
    kind text not null,
    name text not null,
    state text not null check (state in ('creating', 'ready', 'failed', 'destroying')),
    reason text,
    settings text not null,
    secrets bytea not null,
    created_at timestamptz not null,
    unique (kind, name)
);

-- No cascade from resources: what an app has is never destroyed. An app that goes leaves its resources.
create table resource_attachments (
    resource_id bigint not null references resources,
    app_id int not null references apps on delete cascade,
    kind text not null,
    alias text not null,
    origin text not null check (origin in ('manifest', 'command')),
    settings text not null,
    attached_at timestamptz not null,
    primary key (resource_id, app_id),
    unique (app_id, kind, alias)
);

-- The repository whose pushes deploy an app. Its URL, which may hold a password, and the secret of its webhook are sealed.
create table git_connections (
    app_id     integer     primary key references apps on delete cascade,
    url        bytea       not null,
    branch     text, -- none: the forge's default
    secret     bytea       not null,
    created_at timestamptz not null
);

-- The SSH key with which an app's repository is read.
create table deploy_keys (
    app_id      integer     primary key references apps on delete cascade,
    private_key bytea       not null, -- sealed PKCS #8
    public_key  bytea       not null, -- X.509
    created_at  timestamptz not null
);

-- Where the source of a deploy is fetched from. Written before the deploy itself, so that none is ever without.
create table git_deploys (
    deploy_id text    primary key,
    app_id    integer not null references apps on delete cascade,
    url       bytea   not null, -- sealed
    ref       text,
    commit_id text, -- once it is known
    pushed    boolean not null -- a webhook asked for it
);

create index git_deploys_by_app on git_deploys (app_id);

-- The pushes that were taken, so that none is taken twice.
create table webhook_deliveries (
    id          bigint generated always as identity primary key,
    app_id      integer     not null references apps on delete cascade,
    delivery    text, -- as the forge numbers it, which is not signed
    body_hash   bytea       not null,
    commit_id   text        not null,
    deploy_id   text        not null,
    received_at timestamptz not null
);

create unique index webhook_deliveries_by_body on webhook_deliveries (app_id, body_hash);
create index webhook_deliveries_by_id on webhook_deliveries (app_id, delivery);

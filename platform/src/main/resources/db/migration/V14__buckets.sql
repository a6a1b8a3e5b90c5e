-- What buckets hold, and since when nobody has them any more. No reference to resources: what a destroyed one held stays for a while.
create table buckets (
    id           bigint primary key,
    name         text not null,
    size_bytes   bigint not null default 0,
    objects      bigint not null default 0,
    cors         text,
    destroyed_at timestamptz
);

-- Keys are bytes: they may hold a zero, and are listed in the order of their bytes.
create table bucket_objects (
    id          bigint generated always as identity primary key,
    bucket      bigint not null references buckets on delete cascade,
    key         bytea not null,
    size_bytes  bigint not null,
    etag        text not null,
    headers     text not null,
    modified_at timestamptz not null,
    unique (bucket, key)
);

-- The files of an object, in order; most have one.
create table bucket_blobs (
    object     bigint not null references bucket_objects on delete cascade,
    seq        int not null,
    blob       text not null unique,
    size_bytes bigint not null,
    primary key (object, seq)
);

create table bucket_uploads (
    id         text primary key,
    bucket     bigint not null references buckets on delete cascade,
    key        bytea not null,
    headers    text not null,
    started_at timestamptz not null
);

create index bucket_uploads_by_key on bucket_uploads (bucket, key, id);

create table bucket_parts (
    upload      text not null references bucket_uploads on delete cascade,
    number      int not null,
    blob        text not null unique,
    size_bytes  bigint not null,
    etag        text not null,
    checksums   text not null,
    modified_at timestamptz not null,
    primary key (upload, number)
);

-- One for each app that has a bucket, and those of before for as long as they still work.
create table bucket_keys (
    id         text primary key,
    app_id     int not null references apps on delete cascade,
    secret     bytea not null,
    made_at    timestamptz not null,
    retired_at timestamptz
);

create unique index bucket_keys_present on bucket_keys (app_id) where retired_at is null;

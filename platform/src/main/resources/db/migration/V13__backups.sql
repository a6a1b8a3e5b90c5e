-- Where the backups of databases are that were destroyed, until they go, too. The place holds the key, and is sealed.
create table kept_archives (
    archive text primary key,
    name text not null,
    place bytea not null,
    settings text not null,
    destroyed_at timestamptz not null,
    kept_until timestamptz not null
);

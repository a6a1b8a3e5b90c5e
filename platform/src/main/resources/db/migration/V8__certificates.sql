-- What the router shows over TLS. A host may have one that was brought and one that an authority gave: the former wins.
create table certificates (
    host     text        not null, -- lower case; *.example.com for all names one label below
    source   text        not null check (source in ('own', 'acme')),
    chain    text        not null, -- PEM
    key      bytea       not null, -- PEM, sealed
    added_at timestamptz not null,
    primary key (host, source)
);

-- Hosts whose last order failed.
create table certificate_orders (
    host     text primary key,
    failures integer     not null, -- in a row
    reason   text        not null, -- for people
    next_at  timestamptz not null
);

-- Who the platform is to an authority.
create table acme_accounts (
    directory text primary key,
    public_key bytea not null,
    key        bytea not null -- sealed
);

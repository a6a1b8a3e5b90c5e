-- Apps that the world is kept out of for now.
create table maintenance (
    app_id integer primary key references apps on delete cascade,
    since  timestamptz not null
);

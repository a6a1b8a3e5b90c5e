-- A range of instances instead of a number: count is its lower end. None: exactly count.
alter table formation add column count_max integer check (count_max >= count);

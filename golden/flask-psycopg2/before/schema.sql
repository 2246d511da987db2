create table items (id serial primary key, name text not null, amount integer not null default 0);

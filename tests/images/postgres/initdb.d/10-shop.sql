create table goods (name text primary key, price numeric(8, 2));
insert into goods values ('pears', 2.49), ('apples', 1.99), ('äpfel', 3.10);

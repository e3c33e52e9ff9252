#!/bin/bash
psql -v ON_ERROR_STOP=1 --no-psqlrc -U postgres <<-SQL
	create role shop login password 'shop';
	grant select on goods to shop;
SQL

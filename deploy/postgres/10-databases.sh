#!/bin/bash
# Runs once, when the server's data are new: a database and a role per service; no role may connect to another's database.
set -euo pipefail

for name in identity settlement contracts monitoring gateway; do
  psql -v ON_ERROR_STOP=1 -v role="yizhan_$name" -v password="$(cat "/run/secrets/${name}_database_password")" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role" TEMPLATE template0 ENCODING 'UTF8';
REVOKE CONNECT, TEMPORARY ON DATABASE :"role" FROM PUBLIC;
SQL
done

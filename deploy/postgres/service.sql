-- A database and a role for one service (:service). The role owns its database, and is refused on every other.
\set password `cat /run/secrets/:service`
SELECT format('CREATE ROLE %I', :'service') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service')
\gexec
ALTER ROLE :"service" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
-- In its own order of words, which no later image changes: an index built on another's would be corrupt.
SELECT format(
  'CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING UTF8 LOCALE_PROVIDER builtin BUILTIN_LOCALE "C.UTF-8" LOCALE "C"',
  :'service', :'service')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service')
\gexec
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;

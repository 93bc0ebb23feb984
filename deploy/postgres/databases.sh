#!/bin/sh
# The databases and roles as they must be, whatever was there before: runs at each start, before the migrations.
# So an interrupted first start heals, and a changed password is set.
set -eu
export PGHOST=postgres PGUSER=postgres PGDATABASE=postgres PGCONNECT_TIMEOUT=10 PGOPTIONS="-c client_min_messages=warning"
PGPASSWORD=$(cat /run/secrets/superuser)
export PGPASSWORD
run() { psql --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 "$@"; }

run --file=/deploy/monitor.sql
for service in users events bookings payments notifications reviews; do
  run --set=service="$service" --file=/deploy/service.sql
done
echo "Each service has its database, and nobody else's."

#!/bin/sh
# All databases as they were at one moment, in one file of FOLDER, checked before it gets its name.
#   backup.sh FOLDER [KEEP]     keeps the newest KEEP files (14)
# The server is found as PostgreSQL's own programs find it: PGHOST, PGPORT, PGUSER, PGPASSWORD.
set -eu
folder=${1:?Say where: backup.sh FOLDER [KEEP]} keep=${2:-14}
umask 077
mkdir -p "$folder"
part=$(mktemp -d "$folder/.part-XXXXXX")
trap 'rm -rf "$part"' EXIT
trap 'exit 1' HUP INT TERM

pg_basebackup --no-password --pgdata="$part/data" --checkpoint=fast --wal-method=stream
pg_verifybackup --quiet "$part/data"
tar -czf "$part/file" -C "$part/data" .
name=frontrow-$(date -u +%Y%m%dT%H%M%SZ).tar.gz
mv "$part/file" "$folder/$name"

find "$folder" -maxdepth 1 -name 'frontrow-*.tar.gz' | sort -r | tail -n "+$((keep + 1))" | xargs -r rm --
echo "$folder/$name"

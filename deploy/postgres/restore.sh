#!/bin/sh
# What backup.sh kept, as a data directory that PostgreSQL of the same major version starts on.
#   restore.sh FILE DIRECTORY     the directory must be empty, or not there; what cannot be trusted is not put there
set -eu
file=${1:?Say what and where: restore.sh FILE DIRECTORY} target=${2:?Say where: restore.sh FILE DIRECTORY}
umask 077
if [ -d "$target" ] && [ -n "$(ls -A "$target")" ]; then
  echo "$target is not empty. Move it away first: what is there may be newer than the backup." >&2
  exit 2
fi
mkdir -p "$target"
part=$(mktemp -d "$target/.part-XXXXXX")
trap 'rm -rf "$part"' EXIT
trap 'exit 1' HUP INT TERM

tar -xzf "$file" -C "$part"
pg_verifybackup --quiet "$part"
find "$part" -mindepth 1 -maxdepth 1 -exec mv -t "$target" -- {} +
chmod 700 "$target"
echo "$target is as it was. Start PostgreSQL on it, as the user who owns it."

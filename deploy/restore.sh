#!/bin/bash
# deploy/restore.sh NAME FILE: sets one service's database back to a dump of `pg_dump -Fc`, and lets the suite heal.
# What the broker brought meanwhile is pulled from the producers' logs. What only this service knew and the dump does not
# hold is lost: docs/operations.md says what then.
set -euo pipefail
cd "$(dirname "$0")/.."
compose=${COMPOSE:-docker compose}
name=${1:?which service: identity, settlement, contracts, monitoring, gateway}
dump=${2:?which file of pg_dump -Fc}
database=yizhan_$name

[ -s "$dump" ] || { echo "restore: $dump is missing or empty"; exit 1; }
$compose exec -T postgres pg_restore --list <"$dump" >/dev/null || { echo "restore: $dump is no dump of pg_dump -Fc"; exit 1; }

echo "restore: stopping $name"
$compose stop "$name-api" "$name-worker"
echo "restore: $database becomes what $dump holds"
$compose exec -T postgres psql -q -U postgres -v ON_ERROR_STOP=1 \
  -c "DROP DATABASE $database WITH (FORCE)" \
  -c "CREATE DATABASE $database OWNER $database TEMPLATE template0 ENCODING 'UTF8'" \
  -c "REVOKE CONNECT, TEMPORARY ON DATABASE $database FROM PUBLIC"
$compose exec -T postgres pg_restore -U postgres -d "$database" --exit-on-error <"$dump"
$compose run --rm --no-deps "$name-migrate"
# Before the service writes anything: consumers know numbers that the dump does not, and no number may be given out twice.
[ "$name" = gateway ] || $compose run --rm --no-deps lift common.kit.restore "$name"
$compose start "$name-api" "$name-worker"
echo "restore: every key is compared with its producer now"
$compose exec -T "$name-worker" python deploy/entrypoint.py common.kit.recover prove

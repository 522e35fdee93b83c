#!/bin/bash
# `make up`: secrets on first use, images, containers, then waits until the gateway answers and fetches the demo clients.
set -euo pipefail
cd "$(dirname "$0")/.."
compose=${COMPOSE:-docker compose}
port=${GATEWAY_PORT:-8000}

if ! $compose version >/dev/null 2>&1; then
  echo "up: '$compose' does not work; Docker with Compose v2 is needed (Debian: apt-get install docker.io docker-compose-v2," \
    "or docker.com); make run needs neither"
  exit 1
fi
"${PYTHON:-python3}" local/keys.py secrets
$compose up -d --build

echo "up: waiting for the gateway at http://127.0.0.1:$port/readyz"
for _ in $(seq 120); do
  if "${PYTHON:-python3}" -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/readyz', timeout=2)" 2>/dev/null; then
    (umask 077 && rm -f secrets/demo-clients.new && $compose cp clients:/out/demo-clients.json secrets/demo-clients.new)
    chmod 600 secrets/demo-clients.new
    # New clients mean new databases (`down -v`): the note of what was loaded into the old ones no longer holds.
    cmp -s secrets/demo-clients.new secrets/demo-clients.json || rm -f secrets/demo-world.json
    mv secrets/demo-clients.new secrets/demo-clients.json
    echo "up: ready at http://127.0.0.1:$port; demo clients in secrets/demo-clients.json; make down ends it"
    exit 0
  fi
  sleep 1
done
$compose ps -a
echo "up: the gateway does not answer; see: $compose logs --tail 50"
exit 1

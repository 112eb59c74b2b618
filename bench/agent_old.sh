#!/usr/bin/env bash
# Runs the bundled agent (.ci/agent-bundle) inside a root tree of an old system, with the system calls of RHEL 8's kernel only: enrols,
# reports, shows, against a real hub over TLS.
#   bench/agent_old.sh TREE BUNDLE       TREE made by: mmdebstrap --variant=minbase bullseye TREE     (root; no network but loopback)
set -euo pipefail
tree=$(readlink -f "$1") bundle=$(readlink -f "$2")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
hub=""
trap '[ -z "$hub" ] || kill "$hub"; rm -rf "$work" "$tree/opt/tenken-agent" "$tree/var/lib/tenken-agent" "$tree/etc/tenken-agent"' EXIT
.venv/bin/python -c "from pathlib import Path; from tests.agent.killing import make_certificate; make_certificate(Path('$work'))"
export TENKEN_HUB_DATABASE="sqlite:///$work/hub.sqlite3"
.venv/bin/python -m tests.hub.run_hub "$TENKEN_HUB_DATABASE" "$work/hub.key" $port "$work/hub.pem" "$work/hub.tls.key" > "$work/ready" &
hub=$!
until [ -s "$work/ready" ]; do kill -0 $hub; sleep 0.1; done
token=$(.venv/bin/tenken hub enroll --key-file "$work/hub.key" "$(basename "$tree")")
mkdir -p "$tree/etc/tenken-agent" "$tree/opt"
cp -r "$bundle" "$tree/opt/tenken-agent"
cp "$work/hub.pem" "$tree/etc/tenken-agent/ca.pem"
echo 'ca_file = "/etc/tenken-agent/ca.pem"' > "$tree/etc/tenken-agent/agent.toml"
inside() {
  unshare --mount --pid --uts --fork --kill-child --propagation private \
    sh -euc 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; mount -t tmpfs run "$0/run"; hostname old; exec "$@"' "$tree" "$PWD/.venv/bin/python" -m bench.old_kernel chroot "$tree" "$@"
}
inside sh -c '. /etc/os-release; echo "$PRETTY_NAME, $(ldd --version | head -1)"'
inside /opt/tenken-agent/tenken-agent enroll --hub "https://127.0.0.1:$port" --token "$token"
inside /opt/tenken-agent/tenken-agent report
inside /opt/tenken-agent/tenken-agent report
inside /opt/tenken-agent/tenken-agent --lang en show | head -12
inside /opt/tenken-agent/tenken-agent --lang en status
.venv/bin/tenken hub agents --json

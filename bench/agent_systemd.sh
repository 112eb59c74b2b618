#!/usr/bin/env bash
# Runs the agent's unit under a real systemd in a container: enrolled as root, then running with an account of its own and one right.
#   bench/agent_systemd.sh TREE BUNDLE       TREE: a Debian root tree with systemd; it is not changed. BUNDLE: .ci/agent-bundle   (root)
set -euo pipefail
tree=$(readlink -f "$1") bundle=$(readlink -f "$2")
cd "$(dirname "$0")/.."
work=$(mktemp -d) name=agt-$$
hub="" machine=""
end() {
  [ -z "$machine" ] || { kill -TERM "$machine"; for _ in $(seq 50); do kill -0 "$machine" 2>/dev/null || break; sleep 0.2; done; }
  [ -z "$hub" ] || kill "$hub"
  umount "$work/root" || true
  ip netns del $name
  rm -rf "$work"
}
mkdir "$work"/{up,work,root}
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/up,workdir=$work/work" "$work/root"
ip netns add $name
trap end EXIT
ip -n $name link set lo up
.venv/bin/python -c "from pathlib import Path; from tests.agent.killing import make_certificate; make_certificate(Path('$work'))"
export TENKEN_HUB_DATABASE="sqlite:///$work/hub.sqlite3"
ip netns exec $name .venv/bin/python -m tests.hub.run_hub "$TENKEN_HUB_DATABASE" "$work/hub.key" 18555 "$work/hub.pem" "$work/hub.tls.key" > "$work/ready" &
hub=$!
until [ -s "$work/ready" ]; do kill -0 $hub; sleep 0.1; done
token=$(.venv/bin/tenken hub enroll --key-file "$work/hub.key" systemd)
mkdir -p "$work/root/etc/tenken-agent" "$work/root/opt"
cp -r "$bundle" "$work/root/opt/tenken-agent"
cp "$work/hub.pem" "$work/root/etc/tenken-agent/ca.pem"
printf 'ca_file = "/etc/tenken-agent/ca.pem"\ninterval = 5\n' > "$work/root/etc/tenken-agent/agent.toml"
units="$work/root/etc/systemd/system"
sed 's,/usr/bin/tenken-agent,/opt/tenken-agent/tenken-agent,' agent/units/tenken-agent.service > "$units/tenken-agent.service"
mkdir -p "$units/multi-user.target.wants"
ln -sf ../tenken-agent.service "$units/multi-user.target.wants/tenken-agent.service"
: > "$work/root/etc/machine-id"
ip netns exec $name chroot "$work/root" /opt/tenken-agent/tenken-agent enroll --hub https://127.0.0.1:18555 --token "$token"
systemd-nspawn -q -D "$work/root" --register=no --keep-unit --machine=$name --network-namespace-path=/run/netns/$name --boot < /dev/null > "$work/log" 2>&1 &
machine=$!
for _ in $(seq 60); do
  reports=$(.venv/bin/tenken hub agents --json | .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)[0]["reports"])')
  [ "$reports" -lt 2 ] || break
  sleep 1
done
echo "$reports reports"
[ "$reports" -ge 2 ]
for status in /proc/[0-9]*/status; do
  if [ "$(stat -fc %T "$(dirname "$status")")" = proc ] && tr '\0' ' ' < "${status%status}cmdline" 2>/dev/null | grep -q -- '-m agent.cli run'; then
    grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp|VmHWM)' "$status"
  fi
done

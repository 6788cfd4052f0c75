#!/bin/sh
# Stands in for the agent where a test needs failures on demand: files in /opt/stub control it.
config=/etc/restic-manager/agent.yaml
case $1 in
  version) echo "stub 1.0.0" ;;
  enroll)
    [ "${RM_TOKEN:-}" = good-token ] || { echo "token refused" >&2; exit 1; }
    printf 'server: "%s"\nhost_id: "H1"\nallow_hooks: true\n' "$3" >"$config"
    echo "$*" >/opt/stub/enrolled-with
    ;;
  run) exec sleep infinity ;;
  status) if [ -e /opt/stub/offline ]; then echo '{"connected":false}'; else echo '{"connected": true}'; fi ;;
esac

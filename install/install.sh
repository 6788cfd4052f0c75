#!/bin/sh
# Installs, repairs, upgrades or removes the restic-manager agent on this Linux machine.
#   curl -fsSL https://SERVER/install.sh | sudo RM_TOKEN=... sh
#   curl -fsSL https://SERVER/install.sh | sudo sh -s -- --uninstall
set -eu

# Filled in by the server that serves this script.
RM_SERVER_DEFAULT='@SERVER_URL@'
RM_PIN_DEFAULT='@CERT_PIN@'

PROGRAM=restic-manager-agent
STATE=/var/lib/restic-manager
CONFIG=/etc/restic-manager
CACHE=/var/cache/restic-manager
RESTORE=/root/rm-restore
BINARY=$STATE/bin/$PROGRAM
LINK=/usr/local/bin/$PROGRAM
UNIT=/etc/systemd/system/$PROGRAM.service
CONNECT_SECONDS=60

usage() {
  cat <<USAGE
usage: install.sh [--server URL] [--hardened] [--pin sha256//...] [--ca FILE] [--insecure]
                  [--re-enroll] [--dry-run]
       install.sh --uninstall [--dry-run]

  RM_TOKEN=...      one-time token from "Add host". Without one, the machine announces
                    itself and an admin accepts it
  --server URL      the server's address (default: the one this script came from)
  --hardened        forbid hooks, in-place restores and local repositories on this
                    machine: everything outside the agent's sandbox. Also forbid
                    installing programs from the server, restic included
  --pin sha256//... trust the server by its public key
  --ca FILE         trust the certificate authorities in FILE
  --insecure        allow plain http to another machine
  --re-enroll       enrol again, although this machine is already enrolled
  --dry-run         show what would be done, without doing it
  --uninstall       remove the agent; repositories and restored files are kept
USAGE
}

# ---------------------------------------------------------------- words

style() { if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then printf '\033[%sm%s\033[0m' "$1" "$2"; else printf '%s' "$2"; fi; }
say() { printf '%s\n' "$*"; }
step() { printf '%s %s\n' "$(style '1;36' '==>')" "$*"; }
warn() { printf '%s %s\n' "$(style '1;33' 'Note:')" "$*"; }
fail() {
  printf '%s %s\n' "$(style '1;31' 'Stopped:')" "$1" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# Runs a command that changes the machine; in a dry run only prints it.
act() { if [ "$DRY" = yes ]; then say "  would run: $*"; else "$@"; fi; }

# ---------------------------------------------------------------- arguments

parse_arguments() {
  SERVER=$(placeholder_or "$RM_SERVER_DEFAULT" "${RM_SERVER:-}")
  PIN=$(placeholder_or "$RM_PIN_DEFAULT" '')
  CA='' INSECURE=no HARDENED=no DRY=no UNINSTALL=no RE_ENROLL=no
  while [ $# -gt 0 ]; do
    case $1 in
      --server) need_value "$@"; SERVER=$2; shift ;;
      --pin) need_value "$@"; PIN=$2; shift ;;
      --ca) need_value "$@"; CA=$2; shift ;;
      --insecure) INSECURE=yes ;;
      --hardened) HARDENED=yes ;;
      --re-enroll) RE_ENROLL=yes ;;
      --dry-run) DRY=yes ;;
      --uninstall) UNINSTALL=yes ;;
      -h | --help) usage; exit 0 ;;
      *) printf 'Unknown option: %s\n' "$1" >&2; usage >&2; exit 2 ;;
    esac
    shift
  done
  SERVER=${SERVER%/}
}

need_value() { if [ -z "${2:-}" ]; then printf '%s needs a value\n' "$1" >&2; usage >&2; exit 2; fi; }

# The first value, or the second if the first is a placeholder that no server has filled in.
placeholder_or() { case $1 in @*@) printf '%s' "$2" ;; *) printf '%s' "$1" ;; esac; }

check_server() {
  case $SERVER in
    '') fail 'No server given.' 'Add --server https://your-server' ;;
    https://?*) ;;
    http://127.* | http://localhost | http://localhost:* | 'http://[::1]'*) ;;
    http://?*)
      [ "$INSECURE" = yes ] || fail "$SERVER is not encrypted: anyone on the network could read this machine's credentials." \
        'Use https, or add --insecure if you know that the network is safe.' ;;
    *) fail "Not a valid server address: $SERVER" 'Example: https://backup.example.net' ;;
  esac
  [ -z "$CA" ] || [ -r "$CA" ] || fail "The file $CA cannot be read."
}

# ---------------------------------------------------------------- this machine

check_machine() {
  [ "$(uname -s)" = Linux ] || fail "This script is for Linux, but this is $(uname -s)." 'There is no installer for other systems yet.'
  case $(uname -m) in
    x86_64 | amd64) ARCH=x64 ;;
    aarch64 | arm64) ARCH=arm64 ;;
    *) fail "There is no agent for the processor $(uname -m), only for x86_64 and aarch64." ;;
  esac
  if has getconf && [ "$(getconf LONG_BIT 2>/dev/null)" = 32 ]; then
    fail 'This is a 32-bit system, but the agent needs a 64-bit one.'
  fi
  if ls /lib/ld-musl-* >/dev/null 2>&1 && ! ls /lib*/ld-linux-* /lib/*/ld-linux-* >/dev/null 2>&1; then
    fail 'This system uses musl (Alpine), but the agent needs glibc.' \
      'Run the agent in a Debian container, with the folders to back up mounted into it.'
  fi
  if ! [ -d /run/systemd/system ]; then
    fail 'systemd is not running here, and this script can only set up a systemd service.' \
      "Without it: put the agent at $BINARY yourself, run \"$PROGRAM enroll --server $SERVER\"," \
      "then let your service supervisor keep \"$PROGRAM run\" alive."
  fi
}

check_root() {
  [ "$(id -u)" = 0 ] || fail 'Root is required: a backup has to read every file.' 'Put sudo before sh: curl ... | sudo RM_TOKEN=... sh'
}

# ---------------------------------------------------------------- download

# fetch URL FILE [HEADER]: with curl, or with wget if curl is missing.
fetch() {
  url=$1 file=$2 header=${3:-Accept: */*}
  if has curl; then
    set -- -fsSL --retry 3 --connect-timeout 20 -H "$header" -o "$file"
    if [ -n "$PIN" ]; then set -- "$@" -k --pinnedpubkey "$PIN"; fi
    if [ -n "$CA" ]; then set -- "$@" --cacert "$CA"; fi
    curl "$@" "$url"
  elif has wget; then
    set -- -q -T 30 --header "$header" -O "$file"
    if [ -n "$PIN$CA" ]; then
      wget --help 2>&1 | grep -q pinnedpubkey || fail 'This wget does not support --pin and --ca.' 'Install curl and run this again.'
    fi
    if [ -n "$PIN" ]; then set -- "$@" --no-check-certificate "--pinnedpubkey=$PIN"; fi
    if [ -n "$CA" ]; then set -- "$@" "--ca-certificate=$CA"; fi
    wget "$@" "$url"
  else
    fail 'Neither curl nor wget is installed.' 'Install one of them, for example: apt-get install curl'
  fi
}

fetch_or_fail() {
  fetch "$@" || fail "Could not download $1." "Can this machine reach $SERVER? Try: curl -v $SERVER/healthz"
}

# Prints one field of the agent for this machine, from the manifest (JSON on one line or many).
manifest_field() {
  tr -d '\n\r' <"$WORK/manifest.json" | tr '}' '\n' | grep '"kind" *: *"agent"' | grep '"os" *: *"linux"' |
    grep "\"arch\" *: *\"$ARCH\"" | head -n 1 | sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p"
}

sha256_of() {
  if has sha256sum; then sha256sum "$1" | cut -d ' ' -f 1; else openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; fi
}

# Puts the verified agent at $WORK/agent, unless the same one is already installed.
download_agent() {
  fetch_or_fail "$SERVER/agent/manifest.json" "$WORK/manifest.json"
  WANTED=$(manifest_field sha256)
  VERSION=$(manifest_field version)
  case $WANTED in
    *[!0-9a-f]* | '') fail "$SERVER offers no agent for linux $ARCH." 'Ask its admin. The server gives the reason on its dashboard.' ;;
  esac
  if [ -x "$BINARY" ] && [ "$(sha256_of "$BINARY")" = "$WANTED" ]; then
    say "  Agent $VERSION is already installed."
    return 0
  fi
  encoding='Accept-Encoding: gzip'
  has gzip || encoding='Accept-Encoding: identity'
  fetch_or_fail "$SERVER/agent/binary?os=linux&arch=$ARCH" "$WORK/agent.fetched" "$encoding"
  if has gzip && gzip -t "$WORK/agent.fetched" 2>/dev/null; then
    gzip -dc "$WORK/agent.fetched" >"$WORK/agent"
  else
    mv "$WORK/agent.fetched" "$WORK/agent"
  fi
  found=$(sha256_of "$WORK/agent")
  [ "$found" = "$WANTED" ] || fail "The downloaded agent does not match the server's checksum. Nothing was installed." \
    "expected sha256 $WANTED" "received sha256 $found"
}

# ---------------------------------------------------------------- steps of an installation

install_agent() {
  step "Downloading the agent for linux $ARCH from $SERVER"
  if [ "$DRY" = yes ]; then
    say "  would download $SERVER/agent/binary?os=linux&arch=$ARCH, check its sha256, and install it at $BINARY (linked as $LINK)"
    return 0
  fi
  download_agent
  mkdir -p "$STATE/bin" "$CACHE" "$RESTORE" "$CONFIG"
  chmod 700 "$STATE" "$CACHE" "$RESTORE" "$CONFIG"
  chmod 755 "$STATE/bin"
  if [ -e "$WORK/agent" ]; then
    chmod 755 "$WORK/agent"
    mv "$WORK/agent" "$BINARY.new"
    mv "$BINARY.new" "$BINARY"
    CHANGED=yes
    say "  Installed version $VERSION (sha256 verified)."
  fi
  # SELinux only lets systemd start programs of this type; files created here later inherit it.
  if has selinuxenabled && selinuxenabled; then chcon -R -t bin_t "$STATE/bin" || warn 'SELinux did not accept the label for the agent.'; fi
  mkdir -p "${LINK%/*}"
  ln -sf "$BINARY" "$LINK"
  "$BINARY" version >"$WORK/version" 2>&1 || fail 'The agent does not run on this machine:' "$(head -n 5 "$WORK/version")"
}

install_unit() {
  step 'Setting up the service'
  if [ "$DRY" = yes ]; then
    say "  would write $UNIT from $SERVER/install/$PROGRAM.service"
    return 0
  fi
  fetch_or_fail "$SERVER/install/$PROGRAM.service" "$WORK/unit"
  if [ -e "$UNIT" ] && cmp -s "$WORK/unit" "$UNIT"; then return 0; fi
  cp "$WORK/unit" "$UNIT"
  chmod 644 "$UNIT"
  CHANGED=yes
  systemctl daemon-reload
}

# Whether the agent may download restic from its server.
may_fetch() { [ "$HARDENED" = no ] && [ "$(config_value allow_update)" != false ]; }

say_restic() {
  found=$(restic version 2>/dev/null | sed -n 's/^restic \([0-9.]*\).*/\1/p')
  if ! may_fetch; then
    say_restic_without_fetching
    return 0
  fi
  case $found in
    '') say "  restic is not installed: the agent downloads its server's copy." ;;
    0.[0-9].* | 0.1[0-7].* | 0.19.0) say "  restic $found is not supported (0.18 or newer, but not 0.19.0): the agent downloads its server's copy and leaves yours alone." ;;
    *) say "  restic $found is installed and will be used." ;;
  esac
}

say_restic_without_fetching() {
  case $found in
    '' | 0.[0-9].* | 0.1[0-7].* | 0.19.0)
      say "  This machine does not download restic from its server (allow_update: false)."
      if [ -x "$STATE/bin/restic" ]; then
        say "  The earlier copy at $STATE/bin/restic stays in use."
      else
        warn "Install restic 0.18 or newer, but not 0.19.0, before the first backup (installed: ${found:-none})."
      fi ;;
    *) say "  restic $found is installed and will be used. This machine does not download restic from its server (allow_update: false)." ;;
  esac
}

# Prints a setting from the agent's configuration, without quotes.
config_value() { sed -n "s/^$1: *[\"']\\{0,1\\}\\([^\"']*\\)[\"']\\{0,1\\} *\$/\\1/p" "$CONFIG/agent.yaml" 2>/dev/null | head -n 1; }

set_config() {
  if grep -q "^$1:" "$CONFIG/agent.yaml"; then
    sed -i "s/^$1:.*/$1: $2/" "$CONFIG/agent.yaml"
  else
    printf '%s: %s\n' "$1" "$2" >>"$CONFIG/agent.yaml"
  fi
}

# An existing enrolment stays in use.
enroll_failed() {
  if [ -n "$(config_value host_id)" ]; then systemctl start "$PROGRAM" || true; fi
  fail "$@"
}

enroll() {
  step 'Enrolling this machine'
  if [ -n "$(config_value host_id)" ]; then
    if [ "$RE_ENROLL" = no ]; then
      [ "$(config_value server)" = "$SERVER" ] || warn "This machine stays enrolled at $(config_value server). Use --re-enroll to change that."
      say '  Already enrolled: repairing the installation and keeping its identity.'
      [ -z "${RM_TOKEN:-}" ] || say '  The token was not used. Use --re-enroll to enrol with it.'
      return 0
    fi
    act systemctl stop "$PROGRAM"
    CHANGED=yes
  fi
  set -- enroll --server "$SERVER"
  [ -z "$PIN" ] || set -- "$@" --pin "$PIN"
  [ -z "$CA" ] || set -- "$@" --ca "$CA"
  [ "$INSECURE" = no ] || set -- "$@" --insecure
  if [ "$DRY" = yes ]; then
    say "  would run: $PROGRAM $*"
    return 0
  fi
  if [ -n "${RM_TOKEN:-}" ]; then
    RM_TOKEN=$RM_TOKEN "$BINARY" "$@" || enroll_failed 'The server did not accept this machine.' \
      'A token works once, for a limited time: create a new one under "Add host".'
  else
    say '  RM_TOKEN is not set: the machine announces itself, and an admin has to accept it.'
    "$BINARY" "$@" || enroll_failed 'The machine could not announce itself.' \
      'Create a token under "Add host", and run: curl ... | sudo RM_TOKEN=... sh'
  fi
}

choose_switches() {
  if [ "$HARDENED" = no ] && [ -t 0 ] && [ "$DRY" = no ] && [ "$CHOOSE" = yes ]; then
    printf '  Allow the server to run hooks, restore files in place, use local folders as repositories, and provide restic? [Y/n] '
    read -r answer || answer=''
    case $answer in [Nn]*) HARDENED=yes ;; esac
  fi
  if [ "$HARDENED" = no ]; then
    [ "$CHOOSE" = no ] || say '  Hooks, in-place restores and local repositories are allowed. Use --hardened to forbid them.'
    say_hardened_before
    return 0
  fi
  say '  Hooks, in-place restores, local repositories and programs from the server are forbidden on this machine.'
  if [ "$DRY" = yes ]; then return 0; fi
  set_config allow_hooks false
  set_config allow_restore_in_place false
  set_config allow_outside false
  set_config allow_update false
  CHANGED=yes
}

# Earlier versions of --hardened did not change allow_update, so the owner decides.
say_hardened_before() {
  for name in allow_hooks allow_restore_in_place allow_outside; do
    [ "$(config_value $name)" = false ] || return 0
  done
  if may_fetch; then
    warn "This machine is hardened, but its agent may still install restic from its server. Run this with --hardened to forbid that, too."
  fi
}

start_service() {
  step 'Starting the service'
  act systemctl enable --quiet "$PROGRAM"
  if [ "$CHANGED" = yes ]; then act systemctl restart "$PROGRAM"; else act systemctl start "$PROGRAM"; fi
}

wait_until_connected() {
  [ "$DRY" = no ] || return 0
  seconds=0
  until "$BINARY" status --json 2>/dev/null | grep -q '"connected" *: *true'; do
    if [ $seconds -ge $CONNECT_SECONDS ]; then
      journalctl --unit "$PROGRAM" --lines 10 --no-pager --output cat 2>/dev/null | sed 's/^/  | /' || true
      fail "The agent is installed and running, but did not reach $SERVER within $CONNECT_SECONDS seconds. It keeps trying." \
        "Find out why: sudo $PROGRAM doctor" "Its log: sudo journalctl -u $PROGRAM -f"
    fi
    seconds=$((seconds + 1))
    sleep 1
  done
  say '  Connected.'
}

# Lists timers and cron entries that already run restic here, without changing them.
show_existing_backups() {
  if fetch "$SERVER/install/existing-backups.sh" "$WORK/existing-backups.sh" 2>/dev/null; then
    sh "$WORK/existing-backups.sh" || true
  else
    warn 'Could not check for existing restic timers and cron entries: the server did not answer.'
  fi
}

# ---------------------------------------------------------------- whole runs

install_all() {
  check_server
  check_machine
  [ "$DRY" = yes ] || check_root
  CHANGED=no CHOOSE=yes
  [ -z "$(config_value host_id)" ] || [ "$RE_ENROLL" = yes ] || CHOOSE=no
  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK"' EXIT
  trap 'exit 130' INT TERM
  [ "$INSECURE" = no ] || warn 'Accepting an unencrypted connection to the server, as requested (--insecure).'
  install_agent
  install_unit
  enroll
  choose_switches
  say_restic
  start_service
  wait_until_connected
  show_existing_backups
  say ''
  if [ "$DRY" = yes ]; then
    say 'This was a dry run: nothing was changed.'
    return 0
  fi
  say "$(style '1;32' 'Done.') This machine is now managed by $SERVER."
  say "  status: sudo $PROGRAM status     checks: sudo $PROGRAM doctor     log: sudo journalctl -u $PROGRAM"
}

uninstall_all() {
  [ "$DRY" = yes ] || check_root
  step 'Removing the restic-manager agent'
  if [ -e "$UNIT" ]; then act systemctl disable --quiet --now "$PROGRAM" || warn 'Could not stop the service.'; fi
  act rm -f "$UNIT" "$LINK"
  if has systemctl; then act systemctl daemon-reload; fi
  act rm -rf "$STATE" "$CACHE" "$CONFIG"
  if [ -d "$RESTORE" ]; then
    act rmdir "$RESTORE" 2>/dev/null || say "  $RESTORE contains restored files and was kept."
  fi
  say ''
  if [ "$DRY" = yes ]; then
    say 'This was a dry run: nothing was changed.'
  else
    say "$(style '1;32' 'Done.') The repositories were not touched. Archive the host on the server if it does not come back."
  fi
}

main() {
  parse_arguments "$@"
  if [ "$UNINSTALL" = yes ]; then uninstall_all; else install_all; fi
}

# Everything is in functions, so that a truncated download does nothing.
main "$@"

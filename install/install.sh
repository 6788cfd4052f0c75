#!/bin/sh
# Installs, repairs, upgrades or removes the restic-manager agent on this Linux machine.
#   curl -fsSL https://SERVER/install.sh | sudo RM_TOKEN=... sh
#   curl -fsSL https://SERVER/install.sh | sudo sh -s -- --uninstall
set -eu

# Filled in by the server that hands out this script.
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

  RM_TOKEN=...      one-time token from "Add host"; without one the machine announces
                    itself and an admin accepts it
  --server URL      the server (default: the one that this script came from)
  --hardened        this machine refuses hooks, restores in place and repositories in local
                    folders: all that would leave the agent's sandbox. It also installs
                    nothing from its server, restic included
  --pin sha256//... trust the server by its public key
  --ca FILE         trust the certificate authorities in FILE
  --insecure        allow plain http to another machine
  --re-enroll       enrol anew, although this machine is enrolled already
  --dry-run         say what would be done, and do nothing
  --uninstall       remove the agent; repositories and restored files stay
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

# Runs a command that changes the machine; in a dry run only names it.
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

# The first value, unless it is a placeholder that no server has filled in: then the second.
placeholder_or() { case $1 in @*@) printf '%s' "$2" ;; *) printf '%s' "$1" ;; esac; }

check_server() {
  case $SERVER in
    '') fail 'No server is named.' 'Add --server https://your-server' ;;
    https://?*) ;;
    http://127.* | http://localhost | http://localhost:* | 'http://[::1]'*) ;;
    http://?*)
      [ "$INSECURE" = yes ] || fail "$SERVER is not encrypted: everybody on the way could read the machine's credentials." \
        'Use https, or add --insecure when you know that the network is safe.' ;;
    *) fail "This is no server address: $SERVER" 'It looks like https://backup.example.net' ;;
  esac
  [ -z "$CA" ] || [ -r "$CA" ] || fail "The file $CA cannot be read."
}

# ---------------------------------------------------------------- this machine

check_machine() {
  [ "$(uname -s)" = Linux ] || fail "This script is for Linux; here is $(uname -s)." 'Other systems have no installer yet.'
  case $(uname -m) in
    x86_64 | amd64) ARCH=x64 ;;
    aarch64 | arm64) ARCH=arm64 ;;
    *) fail "There is no agent for the processor $(uname -m), only for x86_64 and aarch64." ;;
  esac
  if has getconf && [ "$(getconf LONG_BIT 2>/dev/null)" = 32 ]; then
    fail 'This is a 32-bit system; the agent needs a 64-bit one.'
  fi
  if ls /lib/ld-musl-* >/dev/null 2>&1 && ! ls /lib*/ld-linux-* /lib/*/ld-linux-* >/dev/null 2>&1; then
    fail 'This system is built on musl (Alpine); the agent needs glibc.' \
      'Run the agent in a Debian container there, with the folders to back up mounted into it.'
  fi
  if ! [ -d /run/systemd/system ]; then
    fail 'systemd does not run here, and this script sets up a systemd service only.' \
      "Without it: put the agent at $BINARY yourself, run \"$PROGRAM enroll --server $SERVER\"," \
      "then let your service supervisor keep \"$PROGRAM run\" alive."
  fi
}

check_root() {
  [ "$(id -u)" = 0 ] || fail 'Root is needed: a backup has to read everything.' 'Put sudo before sh: curl ... | sudo RM_TOKEN=... sh'
}

# ---------------------------------------------------------------- download

# fetch URL FILE [HEADER]: with curl, or wget where there is none.
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
      wget --help 2>&1 | grep -q pinnedpubkey || fail 'This wget is too simple for --pin and --ca.' 'Install curl and run this again.'
    fi
    if [ -n "$PIN" ]; then set -- "$@" --no-check-certificate "--pinnedpubkey=$PIN"; fi
    if [ -n "$CA" ]; then set -- "$@" "--ca-certificate=$CA"; fi
    wget "$@" "$url"
  else
    fail 'Neither curl nor wget is here.' 'Install one of them, for example: apt-get install curl'
  fi
}

fetch_or_fail() {
  fetch "$@" || fail "$1 could not be fetched." "Can this machine reach $SERVER? Try: curl -v $SERVER/healthz"
}

# Prints one field of the agent for this machine, from the manifest (JSON on one line or many).
manifest_field() {
  tr -d '\n\r' <"$WORK/manifest.json" | tr '}' '\n' | grep '"kind" *: *"agent"' | grep '"os" *: *"linux"' |
    grep "\"arch\" *: *\"$ARCH\"" | head -n 1 | sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p"
}

sha256_of() {
  if has sha256sum; then sha256sum "$1" | cut -d ' ' -f 1; else openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; fi
}

# Puts the verified agent at $WORK/agent, unless the installed one is the same already.
download_agent() {
  fetch_or_fail "$SERVER/agent/manifest.json" "$WORK/manifest.json"
  WANTED=$(manifest_field sha256)
  VERSION=$(manifest_field version)
  case $WANTED in
    *[!0-9a-f]* | '') fail "$SERVER offers no agent for linux $ARCH." 'Ask its admin; the server says why on its start page.' ;;
  esac
  if [ -x "$BINARY" ] && [ "$(sha256_of "$BINARY")" = "$WANTED" ]; then
    say "  The installed agent is $VERSION already."
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
  [ "$found" = "$WANTED" ] || fail 'The downloaded agent is damaged, or is not what the server says: nothing was installed.' \
    "expected sha256 $WANTED" "received sha256 $found"
}

# ---------------------------------------------------------------- steps of an installation

install_agent() {
  step "Fetching the agent for linux $ARCH from $SERVER"
  if [ "$DRY" = yes ]; then
    say "  would fetch $SERVER/agent/binary?os=linux&arch=$ARCH, check its sha256, and put it at $BINARY (linked as $LINK)"
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
    say "  Installed version $VERSION, sha256 checked."
  fi
  # SELinux lets systemd start programs of this type only; files made here later inherit it.
  if has selinuxenabled && selinuxenabled; then chcon -R -t bin_t "$STATE/bin" || warn 'SELinux did not accept the label of the agent.'; fi
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

# Whether the agent may fetch restic from its server.
may_fetch() { [ "$HARDENED" = no ] && [ "$(config_value allow_update)" != false ]; }

say_restic() {
  found=$(restic version 2>/dev/null | sed -n 's/^restic \([0-9.]*\).*/\1/p')
  if ! may_fetch; then
    say_restic_without_fetching
    return 0
  fi
  case $found in
    '') say '  restic is not installed here: the agent fetches the copy that its server offers.' ;;
    0.[0-9].* | 0.1[0-7].* | 0.19.0) say "  restic $found is here, which does not fit (0.18 or newer, not 0.19.0): the agent fetches its server's copy and leaves yours alone." ;;
    *) say "  restic $found is here and will be used." ;;
  esac
}

say_restic_without_fetching() {
  case $found in
    '' | 0.[0-9].* | 0.1[0-7].* | 0.19.0)
      say "  This machine does not fetch its server's restic (allow_update: false)."
      if [ -x "$STATE/bin/restic" ]; then
        say "  The copy at $STATE/bin/restic, fetched earlier, stays in use."
      else
        warn "Install restic 0.18 or newer, but not 0.19.0, before the first backup: there is ${found:-none} here."
      fi ;;
    *) say "  restic $found is here and will be used. This machine does not fetch its server's restic (allow_update: false)." ;;
  esac
}

# Prints a setting of the agent's configuration, without quotes.
config_value() { sed -n "s/^$1: *[\"']\\{0,1\\}\\([^\"']*\\)[\"']\\{0,1\\} *\$/\\1/p" "$CONFIG/agent.yaml" 2>/dev/null | head -n 1; }

set_config() {
  if grep -q "^$1:" "$CONFIG/agent.yaml"; then
    sed -i "s/^$1:.*/$1: $2/" "$CONFIG/agent.yaml"
  else
    printf '%s: %s\n' "$1" "$2" >>"$CONFIG/agent.yaml"
  fi
}

# An enrolment that stood before goes on.
enroll_failed() {
  if [ -n "$(config_value host_id)" ]; then systemctl start "$PROGRAM" || true; fi
  fail "$@"
}

enroll() {
  step 'Enrolling this machine'
  if [ -n "$(config_value host_id)" ]; then
    if [ "$RE_ENROLL" = no ]; then
      [ "$(config_value server)" = "$SERVER" ] || warn "This machine is enrolled at $(config_value server), and stays there (--re-enroll changes that)."
      say '  Enrolled already: repairing, and keeping its identity.'
      [ -z "${RM_TOKEN:-}" ] || say '  The token was not used; --re-enroll would use it.'
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
      'A token works once, for a limited time: make a new one under "Add host".'
  else
    say '  There is no RM_TOKEN: the machine announces itself, and an admin has to accept it.'
    "$BINARY" "$@" || enroll_failed 'The machine could not announce itself.' \
      'Make a token under "Add host", and run: curl ... | sudo RM_TOKEN=... sh'
  fi
}

choose_switches() {
  if [ "$HARDENED" = no ] && [ -t 0 ] && [ "$DRY" = no ] && [ "$CHOOSE" = yes ]; then
    printf '  May the server run hooks here, restore files in place, use local folders as repositories, and provide restic? [Y/n] '
    read -r answer || answer=''
    case $answer in [Nn]*) HARDENED=yes ;; esac
  fi
  if [ "$HARDENED" = no ]; then
    [ "$CHOOSE" = no ] || say '  Hooks, restores in place and local repositories are allowed; --hardened forbids them.'
    say_hardened_before
    return 0
  fi
  say '  Hooks, restores in place and local repositories are forbidden on this machine, and so are programs from its server.'
  if [ "$DRY" = yes ]; then return 0; fi
  set_config allow_hooks false
  set_config allow_restore_in_place false
  set_config allow_outside false
  set_config allow_update false
  CHANGED=yes
}

# Earlier versions of --hardened left allow_update alone: whether it should be off, too, is for the owner to say.
say_hardened_before() {
  for name in allow_hooks allow_restore_in_place allow_outside; do
    [ "$(config_value $name)" = false ] || return 0
  done
  if may_fetch; then
    warn "This machine is hardened, but its agent still installs restic from its server where none fits. Add --hardened to forbid that, too."
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
      fail "The agent is installed and running, but has not reached $SERVER within $CONNECT_SECONDS seconds. It goes on trying." \
        "See why: sudo $PROGRAM doctor" "Its log: sudo journalctl -u $PROGRAM -f"
    fi
    seconds=$((seconds + 1))
    sleep 1
  done
  say '  Connected.'
}

# Tells of timers and cron entries that start restic here already; changes none of them.
show_existing_backups() {
  if fetch "$SERVER/install/existing-backups.sh" "$WORK/existing-backups.sh" 2>/dev/null; then
    sh "$WORK/existing-backups.sh" || true
  else
    warn 'Existing restic timers and cron entries were not looked for: the server did not answer.'
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
  [ "$INSECURE" = no ] || warn 'As you asked, an unencrypted connection to the server is accepted (--insecure).'
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
  say "$(style '1;32' 'Done.') This machine is looked after by $SERVER."
  say "  state: sudo $PROGRAM status     checks: sudo $PROGRAM doctor     log: sudo journalctl -u $PROGRAM"
}

uninstall_all() {
  [ "$DRY" = yes ] || check_root
  step 'Removing the restic-manager agent'
  if [ -e "$UNIT" ]; then act systemctl disable --quiet --now "$PROGRAM" || warn 'The service could not be stopped.'; fi
  act rm -f "$UNIT" "$LINK"
  if has systemctl; then act systemctl daemon-reload; fi
  act rm -rf "$STATE" "$CACHE" "$CONFIG"
  if [ -d "$RESTORE" ]; then
    act rmdir "$RESTORE" 2>/dev/null || say "  $RESTORE holds restored files, and stays."
  fi
  say ''
  if [ "$DRY" = yes ]; then
    say 'This was a dry run: nothing was changed.'
  else
    say "$(style '1;32' 'Done.') The repositories were not touched; archive the host on the server when it does not come back."
  fi
}

main() {
  parse_arguments "$@"
  if [ "$UNINSTALL" = yes ]; then uninstall_all; else install_all; fi
}

# Everything stands in functions, so that a script cut off on its way does nothing.
main "$@"

#!/bin/sh
# Lists what already runs restic on this machine (cron entries, systemd units), with the command to disable each.
# Changes nothing. install.sh runs it at the end; it also works alone:  sudo sh existing-backups.sh
set -eu

FOUND=no

# Whether a text mentions restic, directly or in a script that it calls.
mentions_restic() {
  case $1 in *restic-manager*) return 1 ;; *restic*) return 0 ;; esac
  for word in $(printf '%s' "$1" | tr '*?[' '   '); do
    case $word in /dev/* | /proc/*) continue ;; /*) ;; *) continue ;; esac
    if [ -f "$word" ] && [ "$(wc -c <"$word")" -lt 65536 ] && grep -Iq '^[^#]*restic' "$word" 2>/dev/null; then return 0; fi
  done
  return 1
}

# Prints a line without the secrets that such lines often contain.
masked() { printf '%s' "$1" | sed 's/\(PASS[A-Z]*=\)[^ ]*/\1***/g; s#://[^/@ ]*@#://***@#g' | cut -c 1-160; }

found_one() {
  if [ "$FOUND" = no ]; then
    printf '\nNote: something else on this machine also runs restic. Nothing was changed.\n'
    printf '  Disable the old ones after the first backup has succeeded:\n'
    FOUND=yes
  fi
  printf '\n  %s\n    %s\n    disable it: %s\n' "$1" "$(masked "$2")" "$3"
}

find_cron_entries() {
  for file in /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/* /var/spool/cron/*; do
    if ! [ -f "$file" ]; then continue; fi
    number=0
    while IFS= read -r line; do
      number=$((number + 1))
      case $line in '#'* | '') continue ;; esac
      if mentions_restic "$line"; then found_one "$file, line $number" "$line" "sudo sed -i '${number}s/^/# /' $file"; fi
    done <"$file"
  done
  for file in /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/*; do
    if [ -x "$file" ] && [ -f "$file" ] && grep -Iq restic "$file" 2>/dev/null; then
      found_one "$file" "$(grep -I restic "$file" | grep -v '^#' | head -n 1)" "sudo chmod -x $file"
    fi
  done
}

find_units() {
  for file in /etc/systemd/system/*.service /usr/local/lib/systemd/system/*.service /usr/lib/systemd/system/*.service; do
    name=${file##*/}
    line=$(grep '^Exec' "$file" 2>/dev/null | sed 's/=[-@:+!|]*/= /' | tr '\n' ' ')
    if [ "$name" = restic-manager-agent.service ] || ! mentions_restic "$line"; then continue; fi
    timer=${name%.service}.timer
    if systemctl cat "$timer" >/dev/null 2>&1; then name=$timer; fi
    state="$(systemctl is-enabled "$name" 2>/dev/null || true), $(systemctl is-active "$name" 2>/dev/null || true)"
    if [ "$state" = 'disabled, inactive' ]; then continue; fi
    found_one "$name, which starts $file ($state)" "$line" "sudo systemctl disable --now $name"
  done
}

find_cron_entries
find_units

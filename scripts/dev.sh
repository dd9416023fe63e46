#!/bin/sh
# sh scripts/dev.sh TASK [ARGUMENT...]
#
# Runs a task of deno.json on a machine that may have nothing but Node.js: finds Deno or takes it from npm, and installs
# what the tests need. Everything it takes goes into the ignored folder .dev. Prints what it does on standard error, one
# line each.
#
# If JSR cannot be reached, npm packages stand in for its packages, for development only: a third party's build of std,
# and a third party's fork of an earlier Cliffy (1.0.0-rc.5). An executable made from them is not a release, and its
# --version says dev.
#
# Without a task it lists them.
#
# DENO names the Deno to use. DENO_FLAGS, if set, is handed on as it is.
set -eu
cd "$(dirname "$0")/.."

DENO_VERSION=2.9.6

say() { printf 'dev: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Prints the minor version of a Deno 2; nothing for what isn't one.
deno_minor() { "$1" --version 2>/dev/null | sed -n 's/^deno 2\.\([0-9][0-9]*\)\..*/\1/p'; }
is_new_enough() {
  minor=$(deno_minor "$1") || return 1
  [ -n "$minor" ] && [ "$minor" -ge 7 ]
}

take_deno_from_npm() {
  have npm || fail "Deno 2.7 or newer is required: install it, or install Node.js with npm, and run this again"
  say "taking deno@$DENO_VERSION from npm into .dev/deno"
  mkdir -p .dev/deno
  npm install --prefix .dev/deno --no-save --no-audit --no-fund --loglevel=error "deno@$DENO_VERSION" >.dev/npm.log 2>&1 ||
    { cat .dev/npm.log >&2; fail "npm could not install deno@$DENO_VERSION"; }
  # npm may hold back install scripts: the first start puts the program in place.
  .dev/deno/node_modules/.bin/deno --version >/dev/null || fail "Deno from npm does not start on this machine"
}

find_deno() {
  if [ -n "${DENO:-}" ]; then
    DENO=$(command -v "$DENO") || fail "DENO names no program"
    is_new_enough "$DENO" || fail "$DENO is not Deno 2.7 or newer"
    return
  fi
  own=$PWD/.dev/deno/node_modules/deno/deno
  for candidate in deno "${DENO_INSTALL:-${HOME:-}/.deno}/bin/deno" "$own" "$own.exe"; do
    if have "$candidate" && is_new_enough "$candidate"; then
      DENO=$(command -v "$candidate")
      return
    fi
  done
  take_deno_from_npm
  DENO=$own
  [ -x "$DENO" ] || DENO=$own.exe
  is_new_enough "$DENO" || fail "cannot find the program that npm installed for deno@$DENO_VERSION"
}

# A script that needs nothing but Deno itself.
script() { "$DENO" run --quiet --no-config --no-lock --allow-all "$@"; }

resolve_jsr() {
  if [ -n "${DENO_FLAGS:-}" ]; then
    say "DENO_FLAGS is set, and used as it is: $DENO_FLAGS"
    return
  fi
  if script scripts/offline/jsr_reachable.ts; then
    DENO_FLAGS=
  else
    # Once: later runs use what this one makes.
    [ -f .dev/import_map.json ] ||
      say "JSR cannot be reached: development uses builds of its packages from npm (see CONTRIBUTING.md), releases never do"
    script scripts/offline/jsr_from_npm.ts
    # An absolute path serves programs that tests start elsewhere, but DENO_FLAGS can't hold one with a space in it.
    root=$(pwd -W 2>/dev/null || pwd)
    case $root in
      *[!A-Za-z0-9/._:-]*) map=.dev/import_map.json ;;
      *) map=$root/.dev/import_map.json ;;
    esac
    # The npm packages stay those of deno.lock; its JSR packages are not loaded.
    DENO_FLAGS="--import-map=$map"
  fi
  export DENO_FLAGS
}

# How to become root without a question; fails where that can't be.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo; then sudo -n "$@"; else return 1; fi
}

apt_install() {
  have apt-get || return 1
  as_root true 2>/dev/null || return 1
  say "installing $* with apt-get (.dev/apt.log)"
  mkdir -p .dev
  # Two tasks at once would fail at apt's own lock.
  apt() { as_root flock .dev/apt.lock env DEBIAN_FRONTEND=noninteractive apt-get "$@" >>.dev/apt.log 2>&1 </dev/null; }
  quietly_install() { apt install -y --no-install-recommends "$@"; }
  quietly_install "$@" || { apt update && quietly_install "$@"; }
}

find_chromium() { CHROMIUM_BIN=$(script scripts/check/find_chromium.ts); }

need_chromium() {
  if find_chromium || { apt_install chromium && find_chromium; }; then
    export CHROMIUM_BIN
    say "Chromium: $CHROMIUM_BIN"
  else
    unset CHROMIUM_BIN
    say "no Chromium here, and it can't be installed by this script: $1"
    say "install Chromium or Chrome, or set CHROMIUM_BIN to one, to have it"
  fi
}

have_shell_tools() { have bash && have curl && have jq; }

need_shell_tools() {
  have_shell_tools || { apt_install bash curl jq && have_shell_tools; } ||
    say "no bash, curl and jq here, and they can't be installed by this script: the tests that run scripts with them will be reported as ignored"
}

# Shells that complete the program's words, in which the tests try that.
need_shells() {
  have zsh && have fish && return
  apt_install zsh fish && have zsh && have fish ||
    say "zsh or fish is missing and can't be installed by this script: the tests of their completions will be reported as ignored"
}

# Gives the program another clock in the tests of wrong clocks.
need_fake_time() {
  [ "$(uname -s)" = Linux ] || return 0
  have faketime || { apt_install faketime && have faketime; } ||
    say "no faketime here: the tests of wrong clocks will be reported as ignored"
}

# Opens a URL as a desktop does, in the tests of what arrives in the browser.
need_xdg_open() {
  [ "$(uname -s)" = Linux ] || return 0
  have xdg-open || { apt_install xdg-utils && have xdg-open; } ||
    say "no xdg-open here: the tests that open a URL by it will be reported as ignored"
}

# Checks the manual pages.
need_mandoc() {
  [ "$(uname -s)" = Linux ] || return 0
  have mandoc || { apt_install mandoc && have mandoc; } ||
    say "no mandoc here: the test that reads the manual pages will be reported as ignored"
}

# Reads an image of a registry, with the program as its credential helper.
need_skopeo() {
  [ "$(uname -s)" = Linux ] || return 0
  have skopeo || { apt_install skopeo && have skopeo; } ||
    say "no skopeo here: the test that signs it in to a registry will be reported as ignored"
}

# Lists a folder with a token of the program.
need_rclone() {
  [ "$(uname -s)" = Linux ] || return 0
  have rclone || { apt_install rclone && have rclone; } ||
    say "no rclone here: the test of its recipe will be reported as ignored"
}

# Tells the tests all that the program starts.
need_trace() {
  [ "$(uname -s)" = Linux ] || return 0
  have strace || { apt_install strace && have strace; } ||
    say "no strace here: the test that has the system record what is started will be reported as ignored"
}

have_secret_service() { have dbus-daemon && have dbus-send && have gnome-keyring-daemon && have secret-tool; }

need_secret_service() {
  [ "$(uname -s)" = Linux ] || return 0
  have_secret_service || { apt_install dbus gnome-keyring libsecret-tools && have_secret_service; } ||
    say "no gnome-keyring, dbus and secret-tool here: the tests that keep a key there will be reported as ignored"
}

# Prints the tasks of deno.json with their descriptions.
list_tasks() {
  printf 'usage: sh scripts/dev.sh TASK [ARGUMENT...]\n\n'
  awk -F '"' '/^  "tasks"/ { tasks = 1 } /^  }/ { tasks = 0 }
    tasks && /^    "/ { name = $2 }
    tasks && /^ *"description":/ { printf "  %-16s %s\n", name, $4 }' deno.json
}
is_task() { list_tasks | grep -q "^  $1 "; }

case ${1:-} in
  '') list_tasks >&2; exit 2 ;;
  -h | --help | help) list_tasks; exit 0 ;;
esac
is_task "$1" || { say "unknown task: $1"; list_tasks >&2; exit 2; }
task=$1
shift

find_deno
# npm puts a small Node.js program in front of Deno, which would stand between it and Ctrl-C.
DENO=$("$DENO" eval --no-config --no-lock 'console.log(Deno.execPath())') || fail "$DENO does not start"
say "Deno 2.$(deno_minor "$DENO"): $DENO"
export DENO
# What runs here is pinned; asking for a newer one would only be a surprise in a proxy's log.
export DENO_NO_UPDATE_CHECK=1
# By itself Deno trusts its own list of roots alone, and fails behind a proxy whose root only the system knows.
export DENO_TLS_CA_STORE="${DENO_TLS_CA_STORE:-system,mozilla}"
resolve_jsr
case $task in
  test | test-executable | ok | attack)
    need_chromium "the tests that sign in through a real browser will be reported as ignored"
    need_shell_tools
    need_secret_service
    need_shells
    need_fake_time
    need_xdg_open
    need_mandoc
    need_skopeo
    need_rclone
    ;;
  demo)
    # With a display, the demo opens the browser that is there. With --keep and none, it signs in by itself.
    if [ $# = 0 ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ "$(uname -s)" = Linux ]; then
      need_chromium "without a display the demo needs it"
    fi
    ;;
esac
say "deno task $task $*"
exec "$DENO" task --quiet "$task" "$@"

#!/bin/sh
# sh install.sh [--uninstall] [FOLDER]
#
# Installs or upgrades entra-auth-cli: downloads the executable for this machine and the list of sums of a release, compares them,
# and puts the executable into FOLDER (default: ~/.local/bin). Leaves nothing behind if something fails.
# --uninstall removes the executable, and leaves the tokens and profiles in their own folder.
#
# ENTRA_AUTH_CLI_RELEASE is the address of the release's files, as https://example.org/releases/v1.2.3. A file: address
# and the path of a folder work too, and plain http from this machine alone: the sums come from the same place as the
# executable, so they are worth as much as the connection to it.
#
# ENTRA_AUTH_CLI_SHA256, if set, is the sum that the executable must have, whatever the list says.
#
# If gh is installed and signed in, it verifies who built the executable. ENTRA_AUTH_CLI_REPOSITORY is the OWNER/NAME of
# the repository that must have built it; it is known from an address on GitHub.
set -eu

say() { printf 'install: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

needs_glibc="the executable needs glibc 2.27 or newer"
instead="run the program with Deno instead"

# Fails if the C library of this Linux is known not to run the executable.
check_libc() {
  if have ldd; then
    libc=$(ldd --version 2>&1 | sed -n 1p)
  else
    libc=$(ls /lib/ld-musl-* 2>/dev/null || :)
    ! [ -e /lib64/ld-linux-x86-64.so.2 ] && ! [ -e /lib/ld-linux-aarch64.so.1 ] || libc=
  fi
  case $libc in
    *musl*) fail "$needs_glibc, and this Linux has musl, as Alpine does: $instead" ;;
  esac
  version=$(printf '%s\n' "$libc" | sed -n 's/.*[^0-9.]\([0-9][0-9]*\.[0-9][0-9]*\)$/\1/p')
  [ -z "$version" ] || [ "${version%%.*}" -gt 2 ] || [ "${version#*.}" -ge 27 ] ||
    fail "$needs_glibc, and this Linux has glibc $version: $instead"
}

# Prints the name of the file that this machine runs.
executable_name() {
  case $(uname -s) in
    Linux) system=unknown-linux-gnu ;;
    Darwin) system=apple-darwin ;;
    *) fail "there is no executable for $(uname -s) here: on Windows, run install.ps1" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "there is no executable for the processor $(uname -m)" ;;
  esac
  [ "$system" != unknown-linux-gnu ] || check_libc
  printf 'entra-auth-cli-%s-%s' "$machine" "$system"
}

# Fails unless the release is read over https, or from this machine. User names and ports that are not numbers are
# refused: http://localhost:x@example.org is an address at example.org.
check_address() {
  case $release in
    http://* | https://*) ;;
    *) return 0 ;;
  esac
  authority=${release#*://}
  authority=${authority%%[/?#]*}
  host=${authority%:*}
  case $authority in
    \[*\]) host=$authority port= ;;
    *:*) port=${authority##*:} ;;
    *) port= ;;
  esac
  case $host in
    '' | *[!A-Za-z0-9.-]*) [ "$host" = '[::1]' ] || fail "Invalid release address \"$release\": expected https://HOST/PATH" ;;
  esac
  case $port in
    *[!0-9]*) fail "Invalid release address \"$release\": expected a number as the port" ;;
  esac
  case $release:$host in
    https://*) ;;
    *:127.0.0.1 | *:localhost | *:'[::1]') ;;
    *) fail "Invalid release address \"$release\": expected https, because anyone on the way could replace the program" ;;
  esac
}

# follow ADDRESS FILE: downloads a file with wget, which by itself would also follow a redirect from https to http.
follow() {
  address=$1
  for _ in 1 2 3 4 5; do
    wget --no-verbose --tries=3 --max-redirect=0 --server-response --output-document="$2" "$address" 2>"$draft/log" &&
      return
    next=$(sed -n 's/^ *[Ll]ocation: *//p' "$draft/log" | tail -n 1)
    case $next in
      "${release%%://*}"://*) address=$next ;;
      /*) address=$(printf '%s' "$address" | cut -d / -f 1-3)$next ;;
      "") sed '/^ /d' "$draft/log" >&2; return 1 ;;
      *) say "$address redirects to $next, which is not ${release%%://*}"; return 1 ;;
    esac
  done
  say "$1 redirects without an end"
  return 1
}

# take NAME FILE: downloads a file of the release, whole or not at all.
take() {
  case $release in
    https://* | http://*)
      if have curl; then
        curl --proto "=${release%%://*}" --tlsv1.2 --fail --silent --show-error --location --retry 2 --output "$2" "$release/$1"
      elif have wget; then
        follow "$release/$1" "$2"
      else
        fail "neither curl nor wget is installed"
      fi
      ;;
    *) cp -- "${release#file://}/$1" "$2" ;;
  esac || fail "cannot download $1 from $release"
}

sum_of() {
  if have sha256sum; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

# Prints the OWNER/NAME of the repository whose workflow must have built the release; nothing if it is not known.
repository() {
  if [ -n "${ENTRA_AUTH_CLI_REPOSITORY:-}" ]; then
    printf '%s' "$ENTRA_AUTH_CLI_REPOSITORY"
  else
    printf '%s' "$release" | sed -n 's#^https://github\.com/\([^/]*/[^/]*\)/releases/download/.*#\1#p'
  fi
}

# verify_attestation FILE: fails if gh can tell that another workflow, or none, built the file.
verify_attestation() {
  have gh || return 0
  from=$(repository)
  if [ -z "$from" ]; then
    say "not verified who built it: set ENTRA_AUTH_CLI_REPOSITORY=OWNER/NAME to have gh do that"
  elif ! gh attestation verify --help >/dev/null 2>&1; then
    say "not verified who built it: this gh is too old, it has no \`gh attestation verify\`"
  elif ! gh auth status >/dev/null 2>&1; then
    say "not verified who built it: sign in first with \`gh auth login\` to have gh do that"
  else
    gh attestation verify "$1" --repo "$from" --signer-workflow "$from/.github/workflows/release.yml" >"$draft/log" 2>&1 ||
      { cat "$draft/log" >&2; fail "$name was not built by the release workflow of $from"; }
    say "verified: the release workflow of $from built it"
  fi
}

if [ "${1:-}" = --uninstall ]; then
  place=${2:-${HOME:?}/.local/bin}/entra-auth-cli
  [ -f "$place" ] || fail "there is no $place"
  rm -f -- "$place"
  say "removed $place"
  say "tokens and profiles are still in ${ENTRA_AUTH_CLI_HOME:-$HOME/.entra-auth-cli}: remove this folder, if nobody needs them"
  exit 0
fi
release=${ENTRA_AUTH_CLI_RELEASE:-}
[ -n "$release" ] || fail "set ENTRA_AUTH_CLI_RELEASE to the address of a release's files"
release=${release%/}
check_address
folder=${1:-${HOME:?}/.local/bin}
[ ! -d "$folder/entra-auth-cli" ] || fail "$folder/entra-auth-cli is a folder: move it away, or name another folder"
have sha256sum || have shasum || fail "neither sha256sum nor shasum is installed, so nothing could be compared"

name=$(executable_name)
made=
[ -d "$folder" ] || made=$folder
draft=
clean_up() {
  [ -z "$draft" ] || rm -rf -- "$draft"
  # Stays if the executable is in it.
  [ -z "$made" ] || rmdir -- "$made" 2>/dev/null || :
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p -- "$folder"
# In the same folder, so that the executable gets to its place in one step.
draft=$(mktemp -d -- "$folder/.entra-auth-cli.XXXXXX")

take SHA256SUMS "$draft/sums"
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$name\$/\1/p" "$draft/sums")
[ -n "$wanted" ] || fail "$release has no $name"
take "$name" "$draft/entra-auth-cli"
found=$(sum_of "$draft/entra-auth-cli")
for sum in "$wanted" "${ENTRA_AUTH_CLI_SHA256:-$wanted}"; do
  [ "$found" = "$sum" ] || fail "$name has the wrong sum: expected $sum, found $found"
done
verify_attestation "$draft/entra-auth-cli"
chmod 755 "$draft/entra-auth-cli"
# One that does not start here is not installed.
version=$("$draft/entra-auth-cli" --version) || {
  [ "$(uname -s)" != Linux ] || say "$needs_glibc, libgcc_s.so.1 and /proc"
  fail "$name does not start on this machine"
}
before=
[ ! -x "$folder/entra-auth-cli" ] || before=$("$folder/entra-auth-cli" --version 2>/dev/null) || before="another version"
mv -f -- "$draft/entra-auth-cli" "$folder/entra-auth-cli"

say "$version is in $folder${before:+, instead of $before}"
case :$PATH: in
  *:"$folder":*) ;;
  *) say "this folder is not in PATH yet; add to your shell's profile: export PATH=\"$folder:\$PATH\"" ;;
esac

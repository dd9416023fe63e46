#!/bin/sh
# sh install.sh [FOLDER]
#
# Installs entra-auth-cli: takes the executable for this machine and the list of sums from a release, compares them, and
# puts the executable into FOLDER (~/.local/bin by default). Nothing is left behind when something fails.
#
# ENTRA_AUTH_CLI_RELEASE is the address of the release's files, as https://example.org/releases/v1.2.3; a file: address
# or the path of a folder serves too. The sums come from where the executable does, so what both are worth is the way to
# there: plain http is taken from this machine alone.
set -eu

say() { printf 'install: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

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
  if [ "$system" = unknown-linux-gnu ] && ldd --version 2>&1 | grep -qi musl; then
    fail "the executable needs glibc, and this Linux has musl: run the program with Deno instead"
  fi
  printf 'entra-auth-cli-%s-%s' "$machine" "$system"
}

# follow ADDRESS FILE: gets a file with wget, which by itself would also follow a redirect from https to http.
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
      *) say "$address leads to $next, which is not ${release%%://*}"; return 1 ;;
    esac
  done
  say "$1 leads from one address to the next without an end"
  return 1
}

# take NAME FILE: gets a file of the release, whole or not at all.
take() {
  case $release in
    http://* | https://*)
      if have curl; then
        curl --proto "=${release%%://*}" --fail --silent --show-error --location --retry 2 --output "$2" "$release/$1"
      elif have wget; then
        follow "$release/$1" "$2"
      else
        fail "neither curl nor wget is here"
      fi
      ;;
    *) cp -- "${release#file://}/$1" "$2" ;;
  esac || fail "cannot take $1 from $release"
}

sum_of() {
  if have sha256sum; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

release=${ENTRA_AUTH_CLI_RELEASE:-}
[ -n "$release" ] || fail "set ENTRA_AUTH_CLI_RELEASE to the address of a release's files"
release=${release%/}
case $release in
  http://127.0.0.1[:/]* | http://localhost[:/]*) ;;
  http://*) fail "$release is not https, so anybody on the way could put another program in" ;;
esac
folder=${1:-${HOME:?}/.local/bin}
have sha256sum || have shasum || fail "neither sha256sum nor shasum is here, so nothing could be compared"

name=$(executable_name)
mkdir -p -- "$folder"
# Beside its place, so that it gets there in one step.
draft=$(mktemp -d -- "$folder/.entra-auth-cli.XXXXXX")
trap 'rm -rf -- "$draft"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

take SHA256SUMS "$draft/sums"
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$name\$/\1/p" "$draft/sums")
[ -n "$wanted" ] || fail "$release has no $name"
take "$name" "$draft/entra-auth-cli"
found=$(sum_of "$draft/entra-auth-cli")
[ "$found" = "$wanted" ] || fail "$name is not what the release says: its sum is $found, and should be $wanted"
chmod 755 "$draft/entra-auth-cli"
# One that doesn't start here is better not installed.
version=$("$draft/entra-auth-cli" --version) || fail "$name does not start on this machine"
mv -f -- "$draft/entra-auth-cli" "$folder/entra-auth-cli"

say "$version is in $folder"
case :$PATH: in
  *:"$folder":*) ;;
  *) say "this folder is not in PATH yet; add to your shell's profile: export PATH=\"$folder:\$PATH\"" ;;
esac

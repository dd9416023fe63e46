#!/bin/sh
# sh wine_inside.sh ROOT kept|discarded REPOSITORY COMMAND [ARGUMENT...]
#
# Runs a command in the Debian at ROOT, with the repository at /repository. wine.ts starts it as the first process of new
# mount and process namespaces: all their mounts and processes end with it.
set -eu
root=$1
changes=$2
repository=$3
shift 3

if [ "$changes" = discarded ]; then
  # Relative, because a colon or comma in a path has a meaning in the mount options.
  cd "$(dirname "$root")"
  mount -t tmpfs tmpfs layer
  mkdir layer/changes layer/work layer/root
  mount -t overlay overlay -o "lowerdir=$(basename "$root"),upperdir=layer/changes,workdir=layer/work" layer/root
  root=$PWD/layer/root
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir -p "$root/repository"
mount --rbind "$repository" "$root/repository"
cp /etc/resolv.conf /etc/hosts "$root/etc/"

# The first process of a namespace receives only the signals that it traps.
trap 'exit 130' INT
trap 'exit 143' TERM HUP
inside() {
  chroot "$root" /usr/bin/env -i PATH=/usr/lib/wine:/usr/bin:/bin HOME=/root XDG_RUNTIME_DIR=/tmp LANG=C.UTF-8 \
    WINEDEBUG=-all sh -c 'cd /repository && exec "$@"' sh "$@"
}
# A terminal becomes the console of the program.
if [ -t 0 ]; then
  inside "$@"
  exit
fi
inside "$@" </dev/null &
wait $!

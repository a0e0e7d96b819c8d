#!/usr/bin/env bash
# Proves that a clone starts on a machine with only git, sh and Node: makes a minimal Debian in a folder, clones the
# commit that is checked out here into it, and there runs `./jackdaw --version` and `npm test -- --unit` (or the command
# given as arguments) with the real npm and apt-get.
#
#   sudo test/e2e/fresh-machine.sh [COMMAND…]
#
# Needs root, debootstrap and util-linux. Its mounts live in a mount namespace of their own and end with it; the folder is
# removed at the end. SUITE (trixie: the first Debian whose Node is recent enough) and MIRROR can be set.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
suite=${SUITE:-trixie}
mirror=${MIRROR:-http://deb.debian.org/debian}

if [ "${1-}" != --inside ]; then
  machine=$(mktemp -d /tmp/jackdaw-fresh-machine.XXXXXX)
  trap 'rm -rf --one-file-system "$machine"' EXIT
  chmod 755 "$machine"
  unshare --mount --pid --fork --kill-child -- "${BASH_SOURCE[0]}" --inside "$machine" "$@"
  exit
fi

log=$2/log
machine=$2/root
shift 2
mount --make-rprivate /

echo "── a minimal $suite with git"
debootstrap --variant=minbase --include=git,ca-certificates "$suite" "$machine" "$mirror" >"$log" 2>&1 ||
  { tail -20 "$log" >&2; exit 1; }
mount -t proc proc "$machine/proc"

# The way to the network is this machine's: names, certificates, proxies and npm's registry.
cp -L /etc/resolv.conf /etc/hosts "$machine/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/ca-certificates.crt"
network=(NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt)
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
  [ -z "${!name-}" ] || network+=("$name=${!name}")
done
if command -v npm >/dev/null; then
  network+=("npm_config_registry=$(cd / && npm config get registry 2>/dev/null)")
fi
for conf in /etc/apt/apt.conf /etc/apt/apt.conf.d/*proxy*; do
  [ ! -f "$conf" ] || install -D "$conf" "$machine$conf"
done

inside() {
  echo "── $*"
  chroot "$machine" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${network[@]}" \
    sh -c 'cd /root && { cd jackdaw 2>/dev/null || :; } && exec "$@"' sh "$@"
}

inside apt-get -qq update >>"$log"
inside env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install nodejs npm >>"$log" 2>&1 ||
  { tail -20 "$log" >&2; exit 1; }

# Started with sudo, git refuses the checkout of somebody else unless it is told; told in a home of its own.
export HOME=${log%/*}
git config --global safe.directory '*'
git clone --quiet --no-hardlinks "$here" "$machine/root/jackdaw"
git -C "$machine/root/jackdaw" checkout --quiet "$(git -C "$here" rev-parse HEAD)"

inside node --version
inside ./jackdaw --version
if [ $# -gt 0 ]; then inside "$@"; else inside npm test -- --unit; fi

# shellcheck shell=bash
# The words that recipes of test images are written in. A recipe is a small bash script:
#
#   . "$(dirname "$0")/recipe.sh"
#   from minbase                      # or: from scratch
#   install() { inside 'apt-get install -y --no-install-recommends nginx'; }
#   layer install                     # runs the function; what it changed becomes a layer
#   config <<'JSON'                   # the image's config, as its creator would write it
#   { "Cmd": ["nginx", "-g", "daemon off;"] }
#   JSON
#
# No daemon and no registry: a layer is what an overlay file system caught while the function ran.
# The result, $SLIM_TEST_IMAGES/NAME: NAME.tar (what `docker save` writes), layers/ and config.json, and
# `key`, a digest of all that went in: a recipe whose key is unchanged is not run again.
# Needs root, for chroot, mounts and device nodes; exits with 77 where it cannot work.
set -euo pipefail

recipe_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
recipe_name=$(basename "$0" .sh)
images=${SLIM_TEST_IMAGES:-$recipe_folder/../../build/images}
mkdir -p "$images"
images=$(cd "$images" && pwd)
image=$images/$recipe_name
own_files=$recipe_folder/$recipe_name  # what the recipe copies into its image, where it has such a folder
downloads=$images/downloads            # what the clients of npm, Maven, cargo and pip keep from one recipe to the next
export SOURCE_DATE_EPOCH=1735689600 LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

cannot() {
  echo "SKIPPED: image $recipe_name: $*"
  exit 77
}

# Everything that decides what the image will be: the recipe, its words, and the files that it copies.
recipe_key() {
  {
    cat "$0" "$recipe_folder"/{recipe.sh,layer_tar.py,assemble.py}
    if [ -d "$own_files" ]; then
      find "$own_files" -type f -not -path '*/__pycache__/*' -print0 | sort -z | xargs -0 sha256sum | sed "s,$own_files,,"
    fi
  } | sha256sum | cut -d ' ' -f 1
}

# A mount namespace of its own: whatever happens, no mount outlives the recipe; and a pid namespace, so
# that no daemon that a package starts does.
if [ -z "${SLIM_RECIPE_INSIDE:-}" ]; then
  key=$(recipe_key)
  if [ -f "$image/key" ] && [ "$(cat "$image/key")" = "$key" ]; then
    echo "$recipe_name: up to date in $image"
    exit 0
  fi
  [ "$(id -u)" -eq 0 ] || cannot "making images needs root"
  export SLIM_RECIPE_INSIDE=$key
  exec unshare --mount --propagation private --pid --fork --kill-child "$0" "$@"
fi

# Packages are loaded once for all recipes; two recipes at a time would fight over them.
exec 9>"$images/lock"
flock 9

work=$(mktemp -d "$images/.$recipe_name.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/layers" "$work/upper" "$work/overlay" "$work/root" "$work/scratch"
lower=$work/scratch  # what lies below the next layer, as overlayfs takes it: topmost first
layer_count=0
comments=()
platform=linux/amd64 # what the image says it is for
root=$work/root      # where a layer's function finds the image

# Debian's minimal system, made once and shared by all recipes.
make_minbase() {
  local base=$images/minbase.rootfs
  if [ ! -f "$images/minbase.tar" ] || [ ! -d "$base" ]; then
    rm -rf "$base" "$base.part"
    # shellcheck disable=SC2016  # mmdebstrap's shell expands $1, the new root
    mmdebstrap --variant=minbase --quiet --customize-hook='rm -f "$1/etc/resolv.conf" "$1/etc/hostname"' \
      bookworm "$images/minbase.part.tar" ${SLIM_TEST_MIRROR:+"$SLIM_TEST_MIRROR"}
    mkdir "$base.part"
    tar -C "$base.part" --numeric-owner --xattrs --xattrs-include='*' -xpf "$images/minbase.part.tar"
    mv "$base.part" "$base"
    mv "$images/minbase.part.tar" "$images/minbase.tar"
  fi
}

from() {
  case $1 in
    scratch) ;;
    minbase)
      command -v mmdebstrap >/dev/null || cannot "mmdebstrap is not installed"
      make_minbase
      ln "$images/minbase.tar" "$work/layers/00.tar"
      comments+=("mmdebstrap --variant=minbase bookworm")
      lower=$images/minbase.rootfs
      layer_count=1
      ;;
    *) echo "recipe $recipe_name: from $1: minbase or scratch was expected" >&2; exit 2 ;;
  esac
}

# layer FUNCTION [COMMENT]: runs the function on the host, with the image's tree in $root, and makes
# a layer of the changes.
layer() {
  local number upper
  number=$(printf '%02d' "$layer_count")
  upper=$work/upper/$number
  mkdir -p "$upper" "$work/overlay/$number"
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work/overlay/$number,redirect_dir=off,metacopy=off,index=off" "$root"
  echo "$recipe_name: layer $number: ${2:-$1}"
  "$1"
  umount "$root"
  /usr/bin/python3 "$recipe_folder/layer_tar.py" "$upper" "$work/layers/$number.tar"
  comments+=("${2:-$1}")
  lower=$upper:$lower
  layer_count=$((layer_count + 1))
}

# inside COMMANDS: runs them by the image's own shell. apt's lists and packages lie outside of the image.
inside() {
  mkdir -p "$images/apt/lists" "$images/apt/archives"
  mount -t proc proc "$root/proc"
  mount --bind "$images/apt/lists" "$root/var/lib/apt/lists"
  mount --bind "$images/apt/archives" "$root/var/cache/apt/archives"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"  # packages start no daemons
  chmod 755 "$root/usr/sbin/policy-rc.d"
  if [ ! -f "$images/apt/updated" ]; then
    chroot "$root" apt-get update -qq
    touch "$images/apt/updated"
  fi
  chroot "$root" /bin/sh -euc "$1" >"$work/log" 2>&1 </dev/null || { cat "$work/log" >&2; exit 1; }
  rm -f "$root/etc/resolv.conf" "$root/usr/sbin/policy-rc.d"
  umount "$root/var/cache/apt/archives" "$root/var/lib/apt/lists" "$root/proc"
  # what tells only when and where the image was made
  rm -rf "$root"/var/log/{apt,dpkg.log,alternatives.log} "$root/var/cache/ldconfig" "$root"/var/cache/apt/*.bin
}

# An image that a crash of the machine spoils is made again: dpkg need not sync every file.
apt_install() {
  inside "apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io \
    -o APT::Sandbox::User=root $*"
}

# copy SOURCE TARGET: a file or a folder of the recipe's own, into the image.
copy() {
  mkdir -p "$(dirname "$root/$2")"
  cp -r --no-preserve=ownership "$own_files/$1" "$root/$2"
  find "$root/$2" -name __pycache__ -prune -exec rm -rf {} +
  chmod -R u+rwX,go+rX,go-w "$root/$2"
}

# user NAME ID: a user and a group of this name, without a password, as `useradd --system` makes them.
user() {
  echo "$1:x:$2:$2::/nonexistent:/usr/sbin/nologin" >>"$root/etc/passwd"
  echo "$1:x:$2:" >>"$root/etc/group"
}

# pip_install --root "$root"|--target FOLDER PACKAGE...: as pip inside the image would do it, without a pip inside the image.
pip_install() {
  /usr/bin/python3 -m pip --version >/dev/null 2>&1 || cannot "pip (Debian's python3-pip) is not installed"
  /usr/bin/python3 -m pip install --quiet --disable-pip-version-check --no-compile --only-binary=:all: --no-warn-script-location \
    --root-user-action ignore --break-system-packages --ignore-installed --cache-dir "$downloads/pip" "$@" ||
    cannot "pip can't install $*"
}

# certificates FILE: an authority of the image's own, its certificate in FILE of the image; and a certificate of it for
# localhost, with its key, in /srv/tls.
certificates() {
  command -v openssl >/dev/null || cannot "openssl is not installed"
  local kept=$work/authority new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  mkdir -p "$kept" "$root/srv/tls" "$(dirname "$root/$1")"
  {
    openssl req -x509 "${new_key[@]}" -days 36500 -subj '/CN=Test authority' -keyout "$kept/key" -out "$root/$1"
    openssl req "${new_key[@]}" -subj '/CN=localhost' -keyout "$root/srv/tls/key.pem" -out "$kept/request"
    openssl x509 -req -in "$kept/request" -CA "$root/$1" -CAkey "$kept/key" -set_serial 1 -days 36500 \
      -extfile <(echo subjectAltName=DNS:localhost,IP:127.0.0.1) -out "$root/srv/tls/cert.pem"
  } 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  rm -r "$kept"
  chmod 644 "$root"/srv/tls/*.pem  # applications read it under users of their own
}

# own_authority: certificates, and the image trusts their authority. The image has ca-certificates.
own_authority() {
  certificates usr/local/share/ca-certificates/test-authority.crt
  inside update-ca-certificates
}

# config < JSON: ends the recipe.
config() {
  cat >"$work/config.json"
  printf '%s\n' "${comments[@]}" >"$work/comments"
  /usr/bin/python3 "$recipe_folder/assemble.py" --layers "$work/layers" --config "$work/config.json" \
    --comments "$work/comments" --name "slim.test/$recipe_name:latest" --format docker-archive --platform "$platform" \
    "$work/$recipe_name.tar"
  echo "$SLIM_RECIPE_INSIDE" >"$work/key"
  rm -rf "$work"/{upper,overlay,root,scratch,log} "${image:?}"
  chmod 755 "$work"
  mv "$work" "$image"
  echo "$recipe_name: $layer_count layers, $(stat -c %s "$image/$recipe_name.tar") bytes in $image/$recipe_name.tar"
}

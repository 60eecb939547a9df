#!/bin/sh
# Installs the binary of a release, if its checksum is right.
#
#   WEIR_RELEASES     where the releases are: https://HOST/OWNER/REPOSITORY/releases
#   WEIR_VERSION      which one, such as 0.1.0; the latest unless set
#   WEIR_INSTALL_DIR  where to; /usr/local/bin unless set
set -eu

# A release says here where it is from.
default_releases=

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

# The target, as the files of a release are named after it.
target() {
  system=$(uname -s)
  machine=$(uname -m)
  case "$machine" in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "cannot install on $system $machine: there is no binary for it" ;;
  esac
  case "$system" in
    Linux)
      for loader in /lib/ld-musl-*; do
        if [ -e "$loader" ] && ! [ -e /lib64/ld-linux-x86-64.so.2 ] &&
          ! [ -e /lib/ld-linux-aarch64.so.1 ]; then
          fail "cannot install here: the binary needs glibc, and this system has musl"
        fi
      done
      echo "$machine-unknown-linux-gnu"
      ;;
    Darwin) echo "$machine-apple-darwin" ;;
    *) fail "cannot install on $system $machine: there is no binary for it" ;;
  esac
}

# download URL FILE
download() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget --quiet --output-document="$2" "$1"
  else
    fail "cannot download: curl or wget must be installed"
  fi || fail "cannot download $1"
}

sha256() {
  if command -v sha256sum >/dev/null; then
    sha256sum "$1"
  elif command -v shasum >/dev/null; then
    shasum -a 256 "$1"
  else
    fail "cannot check the download: sha256sum or shasum must be installed"
  fi | cut -d ' ' -f 1
}

main() {
  releases=${WEIR_RELEASES:-$default_releases}
  version=${WEIR_VERSION:-}
  folder=${WEIR_INSTALL_DIR:-/usr/local/bin}
  [ -n "$releases" ] ||
    fail "WEIR_RELEASES must say where the releases are: https://HOST/OWNER/REPOSITORY/releases"
  file=weir-$(target) || exit 1
  if [ -n "$version" ]; then
    base=$releases/download/v${version#v}
  else
    base=$releases/latest/download
  fi
  mkdir -p "$folder" 2>/dev/null || fail "cannot make $folder: run as root, or set WEIR_INSTALL_DIR"
  [ -w "$folder" ] || fail "cannot write to $folder: run as root, or set WEIR_INSTALL_DIR"

  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM
  download "$base/SHA256SUMS" "$scratch/SHA256SUMS"
  download "$base/$file" "$scratch/$file"
  wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $file\$/\1/p" "$scratch/SHA256SUMS")
  [ -n "$wanted" ] || fail "cannot check the download: SHA256SUMS must name $file"
  found=$(sha256 "$scratch/$file") || exit 1
  [ "$found" = "$wanted" ] ||
    fail "cannot install $file: its checksum must be $wanted: found $found"

  # Put in place whole: a Weir that runs keeps the file that it was started from.
  cp "$scratch/$file" "$folder/.weir.new"
  chmod 755 "$folder/.weir.new"
  mv -f "$folder/.weir.new" "$folder/weir"
  echo "Installed $folder/weir"
}

# Nothing runs before all of the script is there.
main

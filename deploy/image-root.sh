#!/bin/sh
# Lays out all that the image holds: deploy/image-root.sh BINARY FOLDER
#
# The image has no system of its own. It gets the binary as /weir, the loader and the libraries that
# the binary is linked with, the certificates of public authorities, and who to run as.
set -eu

if [ $# -ne 2 ]; then
  echo "Usage: $0 BINARY FOLDER" >&2
  exit 2
fi
binary=$1
root=$2
here=$(dirname "$0")
certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}

if [ ! -x "$binary" ]; then
  echo "Cannot lay out the image: binary must be an executable file: found \"$binary\"" >&2
  exit 1
fi
if [ ! -r "$certificates" ]; then
  echo "Cannot lay out the image: package ca-certificates must be installed: no \"$certificates\"" >&2
  exit 1
fi

mkdir -p "$root/etc/ssl/certs" "$root/etc/weir" "$root/licenses" "$root/tmp"
cp "$here/../LICENSE" "$here/THIRD_PARTY_LICENSES.txt" "$root/licenses/"
cp "$binary" "$root/weir"
chmod 755 "$root/weir"
# The loader stands in the list by its path alone, a library behind an arrow.
ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
cp -L "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
echo 'weir:x:65532:65532::/:/' >"$root/etc/passwd"
echo 'weir:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"

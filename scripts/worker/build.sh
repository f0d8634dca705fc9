#!/usr/bin/env bash
# Builds mediasoup-worker from the source that the mediasoup npm package ships, against Debian's libraries: for
# machines that don't reach the upstream release downloads. About 4.5 minutes on two cores.
#   build.sh MEDIASOUP_PACKAGE_DIR OUTPUT_BINARY
# The tools and libraries are installed by the caller (scripts/setup/worker-build.mjs).
set -euo pipefail
package=$(realpath "$1") output=$(realpath -m "$2") here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Debian's libsrtp uses NSS, which takes 9.3 us for a packet of 1.1 KB where OpenSSL takes 1.75 us (AES-CM). So its
# source package is built with OpenSSL, behind the libsrtp 3 calls that the worker makes (overlay/libsrtp3).
# It comes through a private apt configuration, so that the machine's own stays as it is.
fetch_libsrtp() {
  mkdir -p "$work/apt/lists/partial" "$work/src"
  local list sources
  for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [ -f "$list" ] || continue
    sources="$work/apt/src.${list##*.}"
    sed -e 's/^Types:.*/Types: deb-src/' -e 's/^deb /deb-src /' "$list" >"$sources"
    local options=(-q -o "Dir::Etc::SourceList=$sources" -o Dir::Etc::SourceParts=/dev/null
      -o "Dir::State::Lists=$work/apt/lists" -o APT::Sandbox::User=root)
    (cd "$work/src" && apt-get "${options[@]}" update && apt-get "${options[@]}" source --download-only libsrtp2) &&
      return 0
  done
  echo "cannot get the source package of libsrtp2" >&2
  return 1
}

# Subprojects that upstream would download are replaced by stubs that name Debian's libraries.
prepare_source() {
  cp -r "$package/worker" "$work/worker"
  cd "$work/worker"
  rm -f subprojects/*.wrap
  cp -r "$here"/overlay/* subprojects/
  mkdir -p subprojects/libsrtp2 subprojects/libsrtp3/include/srtp2 pch
  tar xf "$work"/src/libsrtp2_*.orig.tar.* -C subprojects/libsrtp2 --strip-components=1
  cp subprojects/libsrtp2/include/srtp.h subprojects/libsrtp3/include/srtp2/
  cp "$here"/pch/worker_pch.hpp pch/

  # Debian 12 has meson 1.0; nothing in the build needs 1.1. The precompiled header halves the build time.
  sed -i "s/meson_version: '>= 1.1.0'/meson_version: '>= 1.0.0'/
    s|  cpp_args: cpp_args + \['-DMS_EXECUTABLE'\],|&\n  cpp_pch: 'pch/worker_pch.hpp',|" meson.build

  # The BIO callback answers 1 to every BIO_ctrl query, so an OpenSSL built with kernel TLS (Debian's is) believes
  # that the BIO has kTLS, allocates no write buffer, and crashes at the first DTLS flight. Return the real answer.
  sed -i 's/(operationType == BIO_CB_RETURN)/((operationType \& BIO_CB_RETURN) != 0)/' src/RTC/DtlsTransport.cpp
  grep -q '(operationType & BIO_CB_RETURN) != 0' src/RTC/DtlsTransport.cpp
}

# hook FILE ANCHOR SED_COMMAND [COUNT]: edits FILE, which must hold the fixed string ANCHOR exactly COUNT times (default 1).
# A change upstream ends the build here instead of silently losing a patch.
hook() {
  local file=$1 anchor=$2 command=$3 count=${4:-1}
  [ "$(grep -cF -- "$anchor" "$file")" = "$count" ] || {
    echo "$file: expected $count x: $anchor" >&2
    return 1
  }
  cp "$file" "$file.before"
  sed -i "$command" "$file"
  ! cmp -s "$file" "$file.before" || {
    echo "$file: the hook changed nothing at: $anchor" >&2
    return 1
  }
  rm "$file.before"
}

# Our own changes to the worker: patches/NAME has files (include/, src/) and hooks.sh, which ties them into upstream's source.
apply_patches() {
  local patch
  for patch in "$here"/patches/*/; do
    for folder in include src; do
      [ ! -d "$patch$folder" ] || cp -r "$patch$folder" .
    done
    . "${patch}hooks.sh"
  done
}

fetch_libsrtp
prepare_source
apply_patches
# Link-time optimization takes 4 % off what a forwarded packet costs, and 30 % off the binary (docs/performance.md).
meson setup --buildtype release -Db_ndebug=true -Db_lto=true out .
# One command generates all FlatBuffers headers. The precompiled header includes them, and meson does not make it wait for them.
ninja -C out fbs/FBS/transport.h
ninja -C out mediasoup-worker
mkdir -p "$(dirname "$output")"
strip -o "$output" out/mediasoup-worker

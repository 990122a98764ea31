#!/bin/sh
# Makes sure that the programs nn4mc uses are there: `system-packages.sh hil`, `test` or `bench`.
# As root on Debian or Ubuntu the missing ones are installed; otherwise they are named, with the way to get them.
set -eu

purpose=${1:-hil}
missing=""

# need PACKAGE COMMAND...: notes PACKAGE unless COMMAND succeeds.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

has_c_headers() {
    echo '#include <stdio.h>' | gcc -E -x c - -o /dev/null
}

has_sanitizers() {
    trial=$(mktemp -d)
    echo 'int main(void) { return 0; }' | gcc -fsanitize=address,undefined -x c - -o "$trial/program"
    found=$?
    rm -r "$trial"
    return $found
}

has_newlib() {
    echo '#include <math.h>' | arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -E -x c - -o /dev/null
}

need python3 "${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
need python3-venv "${PYTHON:-python3}" -c 'import venv, ensurepip'
need gcc gcc --version
need libc6-dev has_c_headers
need gcc has_sanitizers
need gcc-arm-none-eabi arm-none-eabi-gcc --version
need qemu-system-arm qemu-system-arm --version
if [ "$purpose" = bench ]; then
    need libnewlib-arm-none-eabi has_newlib
fi
if [ "$purpose" = test ]; then
    need g++ g++ --version
    need cppcheck cppcheck --version
    need gcc-riscv64-unknown-elf riscv64-unknown-elf-gcc --version
fi

[ -n "$missing" ] || exit 0
install="apt-get install -y --no-install-recommends$missing"

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing programs. By the names of their Debian packages:$missing" >&2
    echo "Install them with this system's package manager, then run make again." >&2
    exit 4
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Missing packages:$missing" >&2
    echo "Install them, then run make again:  sudo $install" >&2
    exit 4
fi
echo "Installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word a package
apt-get install -y -qq --no-install-recommends $missing >/dev/null

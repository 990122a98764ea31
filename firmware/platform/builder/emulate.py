"""The `upload` target of boards that QEMU emulates: starts the emulator and stays until Ctrl-C."""

import subprocess
import sys

# A multiplexed line has a buffer of 32 bytes in front of the emulated UART, which takes one at a time: three times
# as fast. Its escape character is moved out of a byte's range, so that every byte is data.
SERIAL_ON_PTY = ["-chardev", "pty,id=line,mux=on", "-serial", "chardev:line", "-echr", "256"]


def emulate(machine, elf):
    """Run the firmware in QEMU with its serial line on a new pseudo terminal; returns QEMU's exit status."""
    words = ["qemu-system-arm", "-machine", machine, "-display", "none", "-monitor", "none"]
    words += [*SERIAL_ON_PTY, "-kernel", elf]
    print(f"Starting {machine} in QEMU. Ctrl-C ends it.", flush=True)
    try:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError:
        sys.stderr.write("qemu-system-arm was not found on PATH (Debian: qemu-system-arm)\n")
        return 1
    try:
        for line in process.stdout:
            print(line.rstrip(), flush=True)
            if "/dev/" in line:
                tty = next(word for word in line.split() if word.startswith("/dev/"))
                print(f"The board's serial line is {tty}: nn4mc hil quadrotor --board serial://{tty}", flush=True)
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        process.kill()
        process.wait()

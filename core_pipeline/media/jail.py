"""Takes away, for good, what a decoder does not need. Linux only.

What must hold is raised as OSError when it can't be set; what depends on the kernel or the user (namespaces,
seccomp, dropping root) is best effort, because the limits alone already forbid every new file and socket.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from contextlib import suppress
from pathlib import Path

MEMORY = 1 << 30
CPU_SECONDS = 10
DESCRIPTORS = 3
NOBODY = 65534
ZYGOTE_DESCRIPTORS = 1024  # the zygote holds a handful; more would only make the closing slower

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 38, 22
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000

# read write close fstat poll lseek mmap mprotect munmap brk sigaction sigprocmask sigreturn sched_yield mremap madvise
# nanosleep getpid exit gettimeofday getrusage futex sched_getaffinity restart clock_gettime exit_group getrandom rseq
_ALLOWED = {
    "x86_64": (
        0xC000003E,
        "0 1 3 5 7 8 9 10 11 12 13 14 15 24 25 28 35 39 60 96 98 202 204 219 228 231 318 334",
    ),
    "aarch64": (
        0xC00000B7,
        "63 64 57 80 73 62 222 226 215 214 134 135 139 124 216 233 101 172 93 169 165 98 123 128 113 94 278 293",
    ),
}

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def leave_network() -> None:
    """Move this process and its future children into an empty network namespace, where the kernel allows it."""
    if _libc.unshare(_CLONE_NEWNET) != 0:
        _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when `parent` dies; exit at once if it is dead already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def be_first_victim() -> None:
    """Let the kernel kill the sandbox before the platform when memory runs out."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")


def enter(parent: int, cpu_seconds: int | None = None) -> None:
    """Keep descriptor 0 and nothing else: no new file, socket, process or thread, little memory and time.

    Processor time is `CPU_SECONDS` unless given. Descriptors 1 and 2 are the null device, so a stray line of a C
    library goes nowhere.
    """
    os.dup2(1, 2)
    os.closerange(3, ZYGOTE_DESCRIPTORS)
    _drop_root()
    die_with_parent(parent)
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_CPU, cpu_seconds or CPU_SECONDS)
    for nothing in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        _limit(nothing, 0)
    _limit(resource.RLIMIT_NOFILE, DESCRIPTORS)
    _filter_system_calls()


def _limit(what: int, value: int) -> None:
    resource.setrlimit(what, (value, value))


def _drop_root() -> None:
    if os.geteuid() == 0:
        with suppress(OSError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)


def _prctl(option: int, value: int, pointer: object = None) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), pointer, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _filter_system_calls() -> None:
    if not _FILTER:
        return
    with suppress(OSError):
        _prctl(_PR_SET_NO_NEW_PRIVS, 1, ctypes.c_ulong(0))
        program = _Program(len(_FILTER) // 8, _FILTER)
        _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program))


def _assemble(machine: str) -> bytes:
    """Return the classic BPF program: another architecture is killed, a listed call passes, any other is EPERM."""
    if machine not in _ALLOWED:
        return b""
    architecture, listed = _ALLOWED[machine]
    calls = [int(call) for call in listed.split()]
    load, equal, give = 0x20, 0x15, 0x06
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, 0x80000000), (load, 0, 0, 0)]
    steps += [(equal, len(calls) - index, 0, call) for index, call in enumerate(calls)]
    steps += [(give, 0, 0, 0x00050001), (give, 0, 0, 0x7FFF0000)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


_FILTER = _assemble(os.uname().machine)

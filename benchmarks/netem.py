"""The kernel's own bad network (tc netem) on the loopback of a namespace of this process's own.

Only for root, and only where the kernel has netem. Nothing outside the namespace is touched.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.lossy_link import Weather

_NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET, sched.h
_PROBE: Final = "ip link set lo up && tc qdisc add dev lo root netem delay 1ms"


def works() -> bool:
    """Tried in a namespace that is gone afterwards."""
    tools = all(shutil.which(name) for name in ("ip", "tc", "unshare"))
    if os.geteuid() != 0 or not tools:
        return False
    probe = ["unshare", "--net", "sh", "-c", _PROBE]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@contextmanager
def own_network() -> Iterator[None]:
    """This thread's sockets are made in a new namespace, which has a loopback only. OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open(Path("/proc/thread-self/ns/net"), os.O_RDONLY)
    try:
        _checked(libc.unshare(_NEW_NETWORK))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        _checked(libc.setns(home, _NEW_NETWORK))
        os.close(home)


def spoil(weather: Weather) -> None:
    """From now on the loopback is as bad, in both directions. CalledProcessError."""
    subprocess.run(["tc", "qdisc", "replace", *rule(weather)], check=True)


def rule(weather: Weather) -> list[str]:
    """Netem spreads a delay to both sides of its middle, a Weather to one side only."""
    side_ms = weather.jitter_s * 500
    middle_ms = weather.delay_s * 1000 + side_ms
    delay = ["delay", f"{middle_ms:g}ms", f"{side_ms:g}ms"]
    return ["dev", "lo", "root", "netem", "limit", "10000", "loss", f"{weather.loss:%}", *delay]


def _checked(status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))

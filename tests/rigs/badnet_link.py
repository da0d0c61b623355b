"""A bad radio link between two network namespaces: packets are lost, late, overtake each other, and queue up.

Each namespace has a TUN device; every IP packet between the two passes through this process. The rate of the uplink
is limited by the kernel (``tc`` tbf) where it can, and the loss is real: TCP sees nothing but missing segments.
"""

import asyncio
import fcntl
import os
import random
import shutil
import struct
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

TUN, SET_INTERFACE = "/dev/net/tun", 0x400454CA
"""``TUNSETIFF`` of linux/if_tun.h."""
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
GATEWAY, VEHICLES = "10.77.0.1", "10.77.0.2"
LONGEST_PACKET_BYTES = 2048


@dataclass
class Air:
    """What becomes of packets."""

    chance: random.Random
    loss_share: float
    delay_s: float
    jitter_s: float
    is_gone: bool = False
    passed: int = 0
    lost: int = 0

    def carry(self, source: int, target: int) -> None:
        """Take one packet on its way."""
        with suppress(BlockingIOError):
            packet = os.read(source, LONGEST_PACKET_BYTES)
            if self.is_gone or self.chance.random() < self.loss_share:
                self.lost += 1
                return
            self.passed += 1
            late_s = max(0.0, self.delay_s + self.chance.uniform(-self.jitter_s, self.jitter_s))
            asyncio.get_running_loop().call_later(late_s, _write, target, packet)


@dataclass
class Namespaces:
    """The two ends, as what to put before a command so that it runs there."""

    gateway: tuple[str, ...]
    vehicles: tuple[str, ...]
    is_rate_limited: bool


def obstacle() -> str:
    """Return why there can be no such link here, empty where there can."""
    if os.geteuid() != 0:
        return "only root makes network namespaces"
    if shutil.which("ip") is None:
        return "there is no ip command"
    try:
        os.close(_tun(f"t{os.getpid()}p"))
    except OSError as error:
        return f"no TUN device can be made: {error.strerror}"
    name = f"badnet-{os.getpid()}-p"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode != 0:
        return f"no network namespace can be made: {made.stderr.decode().strip()}"
    _ip("netns", "delete", name)
    return ""


@asynccontextmanager
async def link(air: Air, rate_kbit: int) -> AsyncIterator[Namespaces]:
    """Put up the link while the context lasts."""
    names = [f"badnet-{os.getpid()}-{end}" for end in "gv"]
    devices: list[int] = []
    is_limited = False
    loop = asyncio.get_running_loop()
    try:
        for name, own, other in zip(names, (GATEWAY, VEHICLES), (VEHICLES, GATEWAY), strict=True):
            tun = f"t{os.getpid()}{name[-1]}"
            devices.append(_tun(tun))
            _ip("netns", "add", name)
            _ip("link", "set", tun, "netns", name)
            _ip("-n", name, "address", "add", own, "peer", other, "dev", tun)
            _ip("-n", name, "link", "set", tun, "up", "mtu", "1400")
            _ip("-n", name, "link", "set", "lo", "up")
            is_limited = _limit(name, tun, rate_kbit)
        loop.add_reader(devices[0], air.carry, devices[0], devices[1])
        loop.add_reader(devices[1], air.carry, devices[1], devices[0])
        inside = [("ip", "netns", "exec", name) for name in names]
        yield Namespaces(inside[0], inside[1], is_limited)
    finally:
        for device in devices:
            loop.remove_reader(device)
            os.close(device)
        for name in names:
            _take_down(name)


def _limit(name: str, tun: str, rate_kbit: int) -> bool:
    if shutil.which("tc") is None:
        return False
    limit = ["tc", "-n", name, "qdisc", "add", "dev", tun, "root", "tbf", "rate", f"{rate_kbit}kbit"]
    limit += ["burst", "4kb", "latency", "400ms"]
    return subprocess.run(limit, capture_output=True, check=False).returncode == 0


def _take_down(name: str) -> None:
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def _tun(name: str) -> int:
    device = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(device, SET_INTERFACE, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    except OSError:
        os.close(device)
        raise
    return device


def _write(device: int, packet: bytes) -> None:
    with suppress(OSError):  # the link has been taken down, or its queue is full: the packet is lost as on any link
        os.write(device, packet)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)

"""A tunnel's end that takes packets from anybody, over a TUN device: the kernel answers what was inside as it does for any interface.

It stands for the tunnel drivers of the kernel (ipip, sit, gre), which the machines that run these tests lack. What it unpacks is not looked
at; what the kernel sends to a 6to4 or ISATAP address goes back in IP protocol 41 to the IPv4 address within.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

_TUNSETIFF = 0x400454CA  # linux/if_tun.h
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_NAME = "tunnel0"
_GRE_HEADER = 4


def serve(address: str, loop: asyncio.AbstractEventLoop) -> None:
    """Unpack IP protocols 4, 41 and 47 that arrive at an IPv4 address of this machine, until the process ends."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", _NAME.encode(), _IFF_TUN | _IFF_NO_PI))
    packed = int(IPv4Address(address))
    own = (IPv6Address(0x2002 << 112 | packed << 80 | 1), IPv6Address(0xFE80 << 112 | 0x5EFE << 32 | packed))
    lines = [
        f"link set {_NAME} up",
        f"addr add {own[0]}/16 dev {_NAME} nodad",
        f"addr add {own[1]}/64 dev {_NAME} nodad",
    ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)
    ends = {number: _raw(address, number) for number in (socket.IPPROTO_IPIP, socket.IPPROTO_IPV6, socket.IPPROTO_GRE)}
    for number, end in ends.items():
        loop.add_reader(end.fileno(), _unpack(end, device, _GRE_HEADER if number == socket.IPPROTO_GRE else 0))
    loop.add_reader(device, _pack, device, ends[socket.IPPROTO_IPV6])


def _raw(address: str, number: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, number)
    made.bind((address, 0))
    return made


def _unpack(end: socket.socket, device: int, skip: int) -> Callable[[], None]:
    def readable() -> None:
        packet = end.recv(2048)
        os.write(device, packet[(packet[0] & 15) * 4 + skip :])

    return readable


def _pack(device: int, end: socket.socket) -> None:
    packet = os.read(device, 2048)
    if packet[0] >> 4 != 6:
        return
    destination = packet[24:40]
    if destination[:2] == b"\x20\x02":
        end.sendto(packet, (str(IPv4Address(destination[2:6])), 0))
    elif destination[8:12] == b"\x00\x00\x5e\xfe":
        end.sendto(packet, (str(IPv4Address(destination[12:])), 0))

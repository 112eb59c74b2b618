"""Packets of one IP protocol other than TCP and UDP to one address, until one comes back that is wanted. Needs CAP_NET_RAW. No parsing.

What turns a packet down comes as ICMP by the socket's error queue; what it says decides between "nobody speaks this here" and "no way".
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence

from scanner.model.reason import CannotObserve, Reason
from scanner.net.trouble import cannot
from scanner.net.udp import sockaddr

Wanted = Callable[[int, bytes], bool]
"""Given an IP protocol and what a packet of it carries: whether it is the answer."""

MOST_PACKETS = 512
"""Packets of the address that are looked at; others than ours may be among them."""
_LARGEST = 2048
_IP_RECVERR, _IPV6_RECVERR = 11, 25  # linux/in.h, linux/in6.h; Python 3.11 does not name them
_ICMP, _ICMPV6 = 2, 3  # linux/errqueue.h, who the error comes from
_EXTENDED = struct.Struct("=IBBBBII")  # struct sock_extended_err
_NOBODY = {
    (_ICMP, 3, 2): "protocol unreachable",
    (_ICMP, 3, 3): "port unreachable",
    (_ICMP, 3, 9): "network prohibited",
    (_ICMP, 3, 10): "host prohibited",
    (_ICMP, 3, 13): "administratively prohibited",
    (_ICMPV6, 1, 1): "administratively prohibited",
    (_ICMPV6, 1, 4): "port unreachable",
    (_ICMPV6, 4, 1): "unknown next header",
}
"""ICMP types and codes (RFC 792, 1812, 4443) that turn the protocol down: nobody speaks it, or a filter says that it is forbidden."""


class _Listening:
    """The socket that sends, and one for bare ICMP; until an answer comes, or word that there will be none."""

    def __init__(self, address: str, protocol: int, wanted: Wanted) -> None:
        self._loop = asyncio.get_running_loop()
        self._six = ":" in address
        self._protocol = protocol
        self._wanted = wanted
        self._where = f"{address}, IP protocol {protocol}"
        self._left = MOST_PACKETS
        self.ended: asyncio.Future[CannotObserve | None] = self._loop.create_future()
        family, target = sockaddr(address, 0)
        self._sockets: list[tuple[socket.socket, int]] = []
        try:
            for number in (protocol, socket.IPPROTO_ICMPV6 if self._six else socket.IPPROTO_ICMP):
                made = socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, number)
                self._sockets.append((made, number))
                made.connect(target)  # packets of other addresses are not ours
                self._loop.add_reader(made.fileno(), self._readable, made, number)
            self._sender = self._sockets[0][0]
            level, option = (socket.IPPROTO_IPV6, _IPV6_RECVERR) if self._six else (socket.IPPROTO_IP, _IP_RECVERR)
            self._sender.setsockopt(level, option, 1)
        except BaseException:
            self.close()
            raise

    @property
    def source(self) -> str:
        """The address that packets are sent from."""
        return str(self._sender.getsockname()[0])

    def close(self) -> None:
        for made, _ in self._sockets:
            self._loop.remove_reader(made.fileno())
            made.close()

    def send(self, payload: bytes) -> None:
        try:
            self._sender.send(payload)
        except BlockingIOError:
            pass  # as good as lost on the way
        except OSError as error:
            self._end(self._turned_down() or cannot(error, f"a packet to {self._where}"))

    def _readable(self, made: socket.socket, number: int) -> None:
        while self._left:
            try:
                packet = made.recv(_LARGEST)
            except BlockingIOError:
                break
            except OSError as error:
                if made is self._sender:
                    self._end(self._turned_down() or cannot(error, f"a packet to {self._where}"))
                    return
                self._left -= 1  # an error about bare ICMP, which nobody here has sent; the packet that brought it comes too
                continue
            self._left -= 1
            # IPv4 hands over the header with what it carries, IPv6 does not (RFC 3542 section 3).
            if self._wanted(number, packet if self._six or not packet else packet[(packet[0] & 15) * 4 :]):
                self._end(None)
                return
        if not self._left:
            self._end(CannotObserve(Reason.TOO_LARGE, f"{self._where}: no answer among {MOST_PACKETS} packets"))
        elif made is self._sender and (why := self._turned_down()) is not None:
            self._end(why)

    def _turned_down(self) -> CannotObserve | None:
        """Read one message of the error queue."""
        try:
            _, beside, _, _ = self._sender.recvmsg(_LARGEST, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return None
        for _, kind, data in beside:
            if kind in {_IP_RECVERR, _IPV6_RECVERR} and len(data) >= _EXTENDED.size:
                number, origin, icmp_type, code, *_ = _EXTENDED.unpack_from(data)
                words = _NOBODY.get((origin, icmp_type, code))
                if words is not None:
                    return CannotObserve(Reason.REFUSED, f"{self._where}: ICMP says {words}")
                return cannot(OSError(number, ""), f"a packet to {self._where}")
        return None

    def _end(self, why: CannotObserve | None) -> None:
        if not self.ended.done():
            self.ended.set_result(why)


async def exchange(
    address: str, protocol: int, make: Callable[[str], Sequence[bytes]], wanted: Wanted, *, seconds: float, tries: int
) -> None:
    """Send what ``make`` gives for the address that we send from, ``tries`` times and ``seconds`` apart, until a wanted packet comes.

    Raises ``CannotObserve``: TIMEOUT, REFUSED (ICMP turns the protocol down), UNREACHABLE, TOO_LARGE, ACCESS_DENIED without CAP_NET_RAW.
    """
    try:
        listening = _Listening(address, protocol, wanted)
    except PermissionError as error:
        raise CannotObserve(Reason.ACCESS_DENIED, f"packets of IP protocol {protocol} need root or CAP_NET_RAW") from error
    except OSError as error:
        raise cannot(error, f"a packet to {address}, IP protocol {protocol}") from error
    try:
        payloads = make(listening.source)
        for _ in range(tries):
            for payload in payloads:
                listening.send(payload)
            await asyncio.wait((listening.ended,), timeout=seconds)
            if listening.ended.done():
                break
        else:
            raise CannotObserve(Reason.TIMEOUT, f"no answer from {address}, IP protocol {protocol}, within {seconds:g} s ({tries} tries)")
        why = listening.ended.result()
        if why is not None:
            raise why
    finally:
        listening.close()

"""A TLS 1.3 client that reads the server's whole flight and, where a fact needs it, completes the handshake. It trusts anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from scanner.wire.tls.hello import MOST_FRAGMENT, ClientHello, HelloTemplate, change_cipher_spec, handshake, with_retry
from scanner.wire.tls.messages import CertificateRequest, Finished, HelloRetryRequest, KeyUpdate, Message, ServerHello
from scanner.wire.tls.names import TLS12, TLS13, HandshakeType, NotTls, RecordType
from scanner.wire.tls.reader import HandshakeReader
from scanner.wire.tls.schedule import Keys13, Tls13Keys, retry_hash
from scanner.wire.tls.shares import CannotCompute, KeyShare

_MOST_UPDATES: Final = 16


class Client13:
    """One connection. ``start`` gives the first octets to send; then ``feed`` what comes and take messages from ``next``.

    A server that chooses TLS 1.3 and one of the shares is read to its Finished, its certificates among the messages. One that asks for
    another group gives a HelloRetryRequest: send ``retry`` of a share of that group, or leave it. One that chooses an older version is read
    as far as it speaks in the clear. ``unreadable`` says why protected records come out as ``EncryptedRecord``, empty where they do not.
    After the server's Finished, ``finish`` completes the handshake; tickets then come out of ``next``.
    """

    __slots__ = (
        "_asked",
        "_client",
        "_hello",
        "_keys",
        "_reader",
        "_server",
        "_shares",
        "_transcript",
        "_updates",
        "group",
        "suite",
        "unreadable",
        "version",
    )

    def __init__(self, hello: ClientHello, shares: Sequence[KeyShare] = ()) -> None:
        self._hello = replace(hello, key_shares=tuple((share.group, share.public) for share in shares))
        self._shares = {share.group: share for share in shares}
        self._reader = HandshakeReader()
        self._transcript = b""
        self._keys: Tls13Keys | None = None
        self._client: Keys13 | None = None
        self._server: Keys13 | None = None
        self._asked: CertificateRequest | None = None
        self._updates = 0
        self.version = 0
        self.suite = 0
        self.group = 0
        self.unreadable = ""

    def start(self) -> bytes:
        """The first flight. Raises ``ValueError`` for a hello that does not fit its fields."""
        template = HelloTemplate(self._hello)
        self._transcript = template.message()
        return template.write()

    def feed(self, data: bytes) -> None:
        """Take octets from the server. Raises ``NotTls`` beyond the cap."""
        self._reader.feed(data)

    @property
    def waiting(self) -> int:
        """Octets of a record or message that is not whole yet."""
        return self._reader.waiting

    def next(self) -> Message | None:
        """Give the next message, deciphered; ``None`` asks for more octets. Raises ``NotTls``."""
        message = self._reader.next()
        if isinstance(message, ServerHello):
            self._server_hello(message)
        elif isinstance(message, HelloRetryRequest):
            self._retry_request(message)
        elif isinstance(message, Finished):
            self._finished(message)
        elif isinstance(message, KeyUpdate) and self._server is not None:
            self._updates += 1
            if self._updates > _MOST_UPDATES:
                raise NotTls(f"more than {_MOST_UPDATES} updates of keys")
            self._server = self._server.updated()
            self._reader.protect(self._server)
        elif self._keys is not None and self._client is None and (wire := getattr(message, "wire", None)):
            if isinstance(message, CertificateRequest):
                self._asked = message
            self._transcript += wire
        return message

    def retry(self, share: KeyShare | None = None) -> bytes:
        """Answer the HelloRetryRequest that ``next`` gave last with a share of its group (``None`` where it asked for a cookie only)."""
        template = HelloTemplate(self._hello)
        if share is not None:
            self._shares = {share.group: share}
            template = HelloTemplate(with_retry(self._hello, group=share.group, share=share.public, cookie=self._hello.cookie))
        self._transcript += template.message()
        return template.write()

    def finish(self) -> bytes:
        """What completes the handshake: an empty Certificate where one was asked for, and Finished. ``ValueError`` before its time."""
        if self._keys is None or self._client is None:
            raise ValueError("the server has not finished")
        keys = self._keys.client()
        out = [change_cipher_spec(TLS12)]
        if self._asked is not None:
            context = self._asked.context
            refusal = handshake(HandshakeType.CERTIFICATE, bytes((len(context),)) + context + b"\0\0\0")
            self._transcript += refusal
            out.append(keys.seal(RecordType.HANDSHAKE, refusal))
        data = self._keys.verify_data(self._keys.client_secret, self._transcript)
        out.append(keys.seal(RecordType.HANDSHAKE, handshake(HandshakeType.FINISHED, data)))
        return b"".join(out)

    def send(self, data: bytes, type_: int = RecordType.APPLICATION_DATA) -> bytes:
        """Records that carry ``data`` to the server, after ``finish``. Raises ``ValueError`` before its time."""
        if self._client is None:
            raise ValueError("the server has not finished")
        client = self._client
        return b"".join(client.seal(type_, data[at : at + MOST_FRAGMENT]) for at in range(0, len(data), MOST_FRAGMENT))

    def close(self) -> bytes:
        """A close_notify, after ``finish``. Raises ``ValueError`` before its time."""
        return self.send(b"\1\0", RecordType.ALERT)

    def _server_hello(self, message: ServerHello) -> None:
        if self._keys is not None:
            raise NotTls("a second ServerHello")
        self.version, self.suite = message.version, message.suite
        if message.version != TLS13:
            self.unreadable = (
                "the server chose an older version" if message.version < TLS13 else "the server chose a version that is not known"
            )
            return
        share = message.key_share
        if share is None or share[0] not in self._shares:
            self.unreadable = "the server chose no share that it was offered"
            return
        self.group = share[0]
        self._transcript += message.wire
        try:
            self._keys = Tls13Keys(message.suite, self._shares[share[0]].agree(share[1]), self._transcript)
        except CannotCompute as error:
            self.unreadable = str(error)
            return
        self._server = self._keys.server()
        self._reader.protect(self._server)

    def _retry_request(self, message: HelloRetryRequest) -> None:
        if self._hello.cookie or self.group:
            raise NotTls("a second HelloRetryRequest")
        self.version, self.suite, self.group = message.version, message.suite, message.group or 0
        self._hello = replace(self._hello, cookie=message.cookie, early_data=False)
        try:
            self._transcript = retry_hash(message.suite, self._transcript) + message.wire
        except CannotCompute as error:
            self.unreadable = str(error)

    def _finished(self, message: Finished) -> None:
        if self._keys is None or self._client is not None:
            raise NotTls("a Finished at the wrong time")
        if message.verify_data != self._keys.verify_data(self._keys.server_secret, self._transcript):
            raise NotTls("a Finished that does not fit the handshake")
        self._transcript += message.wire
        self._client, self._server = self._keys.application(self._transcript)
        self._reader.protect(self._server)

"""A server of tlslite-ng with its oldest protocols and weakest suites, and the truth about it by the functions that it chooses with.

``python tlslite_server.py CONFIG.json``; run with the folder of tlslite-ng on PYTHONPATH. A program of its own: nothing imports it.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

# By name, because .ci/tls-zoo installs it apart, where no type checker looks. Any: it has no types.
api: Any = importlib.import_module("tlslite.api")
CipherSuite: Any = importlib.import_module("tlslite.constants").CipherSuite

VERSIONS = {"SSLv3": (3, 0), "TLSv1.0": (3, 1), "TLSv1.1": (3, 2), "TLSv1.2": (3, 3), "TLSv1.3": (3, 4)}
EXCHANGES = ("rsa", "dhe_rsa", "ecdhe_rsa", "dh_anon", "ecdh_anon")
PATIENCE = 10.0


def settings(config: dict[str, Any]) -> Any:  # Any: the library has no types
    """The library's settings for the versions of the configuration, everything weak allowed."""
    made = api.HandshakeSettings()
    numbers = sorted((VERSIONS[name] for name in config["versions"]), reverse=True)
    made.minVersion, made.maxVersion, made.versions, made.minKeySize = numbers[-1], numbers[0], numbers, 512
    made.cipherNames = ["aes256gcm", "aes128gcm", "chacha20-poly1305", "aes256", "aes128", "3des", "rc4", "null"]
    made.macNames = ["aead", "sha384", "sha256", "sha", "md5"]
    made.keyExchangeNames = list(EXCHANGES)
    made.rsaSigHashes = [
        "sha256",
        "sha1",
    ]  # it breaks off where a client likes PSS with SHA-512 best, for which a key of 1024 bits is too short
    return made


def suites(config: dict[str, Any], wanted: Any, version: tuple[int, int]) -> list[int]:  # Any: the library has no types
    """Codes of the suites that the server takes in a version, in its order."""
    if config["anonymous"]:
        found = CipherSuite.getAnonSuites(wanted, version) + CipherSuite.getEcdhAnonSuites(wanted, version)
    else:
        found = CipherSuite.getTLS13Suites(wanted, version) + CipherSuite.getEcdheCertSuites(wanted, version)
        found += CipherSuite.getDheCertSuites(wanted, version) + CipherSuite.getCertSuites(wanted, version)
    return list(CipherSuite.filterForVersion(found, minVersion=version, maxVersion=version))


def main() -> None:
    """Listen, write down what is true, serve until the end."""
    config = json.loads(Path(sys.argv[1]).read_text())
    wanted = settings(config)
    chain = api.X509CertChain()
    chain.parsePemList(Path(config["cert"]).read_text())
    key = api.parsePEMKey(Path(config["key"]).read_text(), private=True)

    def answer(connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        try:
            tls = api.TLSConnection(connection)
            if config["anonymous"]:
                tls.handshakeServer(anon=True, settings=wanted)
            else:
                tls.handshakeServer(certChain=chain, privateKey=key, settings=wanted)
            tls.read(1)
            tls.send(b"HTTP/1.0 200 OK\r\n\r\nzoo\n")
            tls.close()
        except Exception as error:  # noqa: BLE001 - whatever a peer does to one connection, the next one is served
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            connection.close()

    def serve(listener: socket.socket) -> None:
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    listeners = []
    for address in config["addresses"]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listeners.append(socket.create_server((address, config["port"]), family=family, backlog=50))
    threads = [threading.Thread(target=serve, args=(listener,)) for listener in listeners]
    for thread in threads:
        thread.start()
    found = {name: suites(config, wanted, VERSIONS[name]) for name in config["versions"]}
    draft = f"{config['ready']}.new"
    Path(draft).write_text(json.dumps({"suites": found, "prefers": "server"}))
    os.replace(draft, config["ready"])


if __name__ == "__main__":
    main()

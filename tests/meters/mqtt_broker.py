"""A small MQTT broker (3.1.1, QoS 0) on a local port, for tests: real bytes over real TCP.

After the OASIS standard, docs.oasis-open.org/mqtt/mqtt/v3.1.1. It knows users, retained messages
and the one wildcard "#".
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, PING, DISCONNECT = 1, 3, 8, 10, 12, 14
PATIENCE = 30.0


class Broker:
    """`user` is (name, password) where one is asked for; `denied` topics are not subscribed."""

    def __init__(
        self,
        user: tuple[str, str] | None = None,
        denied: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.user, self.denied, self._tls = user, denied, tls
        self.subscribed: dict[socket.socket, set[str]] = {}
        self.changed = threading.Condition()
        self._retained: dict[str, bytes] = {}
        self.host = ""

    @contextmanager
    def running(self, port: int = 0) -> Iterator[Broker]:
        with socket.create_server(("127.0.0.1", port)) as server:
            self.host = f"127.0.0.1:{server.getsockname()[1]}"
            thread = threading.Thread(target=self._accept, args=(server,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown(socket.SHUT_RDWR)
                self.drop()
                thread.join(PATIENCE)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if retain:
            self._retained[topic] = payload
        with self.changed:
            for connection, topics in self.subscribed.items():
                if topics & {topic, "#"}:
                    self._send(connection, topic, payload)

    def wait(self, topic: str) -> None:
        """Until somebody has subscribed to it."""
        with self.changed:
            assert self.changed.wait_for(
                lambda: any(topic in topics for topics in self.subscribed.values()), PATIENCE
            )

    def drop(self) -> None:
        """Every connection is lost."""
        with self.changed:
            for connection in self.subscribed:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.subscribed.clear()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection = server.accept()[0]
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, EOFError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                self._talk(connection)
        with self.changed:
            self.subscribed.pop(connection, None)

    def _talk(self, connection: socket.socket) -> None:
        while True:
            kind = _exactly(connection, 1)[0] >> 4
            body = _exactly(connection, _length(connection))
            if kind == CONNECT:
                right = self.user is None or _user(body) == self.user
                connection.sendall(bytes((0x20, 2, 0, 0 if right else 4)))
                if not right:
                    return
                with self.changed:
                    self.subscribed[connection] = set()
            elif kind in (SUBSCRIBE, UNSUBSCRIBE):
                topic = body[4 : 4 + int.from_bytes(body[2:4])].decode()
                self._follow(connection, topic, body[:2], kind == SUBSCRIBE)
            elif kind == PING:
                connection.sendall(bytes((0xD0, 0)))
            elif kind == DISCONNECT:
                return

    def _follow(self, connection: socket.socket, topic: str, number: bytes, on: bool) -> None:
        denied = topic == self.denied
        with self.changed:
            if not on:
                connection.sendall(bytes((0xB0, 2)) + number)
                self.subscribed[connection].discard(topic)
                return
            connection.sendall(bytes((0x90, 3)) + number + bytes((0x80 if denied else 0,)))
            if denied:
                return
            self.subscribed[connection].add(topic)
            for kept, payload in self._retained.items():
                if topic in (kept, "#"):
                    self._send(connection, kept, payload, retain=True)
            self.changed.notify_all()

    def _send(
        self, connection: socket.socket, topic: str, payload: bytes, *, retain: bool = False
    ) -> None:
        body = len(topic.encode()).to_bytes(2) + topic.encode() + payload
        assert len(body) < 128**2
        low, high = len(body) % 128, len(body) // 128
        length = bytes((low | 128, high)) if high else bytes((low,))
        with suppress(OSError):
            connection.sendall(bytes((0x30 | retain,)) + length + body)


def _exactly(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = connection.recv(count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


def _length(connection: socket.socket) -> int:
    found = shift = 0
    while True:
        digit = _exactly(connection, 1)[0]
        found |= (digit & 127) << shift
        shift += 7
        if digit < 128:
            return found


def _user(body: bytes) -> tuple[str, str] | None:
    """Name and password of a CONNECT without a will."""
    flags, rest = body[7], body[10:]
    texts = []
    while rest:
        end = 2 + int.from_bytes(rest[:2])
        texts.append(rest[2:end].decode())
        rest = rest[end:]
    return (texts[1], texts[2]) if flags & 0xC0 == 0xC0 else None

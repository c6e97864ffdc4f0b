"""The emulator's end of a wire: a pty in place of a serial port, or a TCP port as of ser2net.

Bytes that nobody reads are lost, as on a real wire.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import tempfile
from pathlib import Path

from irene_jupyter.meters.base import MeterError

# What ser2net 4.3 tells a second client before it hangs up.
_BUSY = b"Port already in use\r\n"


class NoPtyError(MeterError):
    """This system has no pty: Windows never has one."""


class PtyLine:
    """A pty whose slave is reached by a path that stays the same after a disconnect."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._descriptors: list[int] = []  # master, slave

    @property
    def url(self) -> str:
        """The path to open. Raises `MeterError` outside the block."""
        if self._folder is None:
            raise MeterError("the simulated meter is not running: use it in a with block")
        return str(self._folder / "ttyEMON")

    def open(self) -> None:
        """Plugs it in. Raises `NoPtyError` where there are none."""
        try:
            import tty
        except ImportError as error:
            raise NoPtyError("no ptys on this system: take the transport tcp") from error
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="irene-simulated-"))
        try:
            self._descriptors = list(os.openpty())
            master, slave = self._descriptors
            tty.setraw(slave)  # else the line discipline echoes, and eats bytes
            os.set_blocking(master, False)
            os.symlink(os.ttyname(slave), self.url)
        except OSError as error:
            self.close()
            raise NoPtyError(f"no pty to be had ({error}): take the transport tcp") from error

    def mind(self) -> bool:
        """Drops what a reader writes. A pty does not tell when one comes: always False."""
        if self._descriptors:
            with contextlib.suppress(OSError):
                os.read(self._descriptors[0], 4096)
        return False

    def write(self, data: bytes) -> None:
        """To whoever reads; lost when the kernel's buffer is full."""
        if self._descriptors and data:
            with contextlib.suppress(BlockingIOError):
                os.write(self._descriptors[0], data)

    def cut(self, *, reset: bool) -> None:
        """Pulls the plug: the reader gets an I/O error, and the path is gone."""
        if self._folder is not None:
            Path(self.url).unlink(missing_ok=True)
        while self._descriptors:
            os.close(self._descriptors.pop())

    def close(self) -> None:
        """Ends it, and takes the path away; a second call does nothing."""
        self.cut(reset=False)
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.rmdir()
            self._folder = None


class TcpLine:
    """A TCP port on 127.0.0.1 with one client at a time."""

    def __init__(self, kick_old: bool) -> None:
        self._kick_old = kick_old
        self._port = 0
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None

    @property
    def url(self) -> str:
        """The address to open. Raises `MeterError` before the block."""
        if not self._port:
            raise MeterError("the simulated meter is not running: use it in a with block")
        return f"socket://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Listens, on the same port as before."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self._port))
            listener.listen()
            listener.setblocking(False)
        except OSError as error:
            listener.close()
            raise MeterError(f"no TCP port on 127.0.0.1 to be had ({error})") from error
        self._port = listener.getsockname()[1]
        self._listener = listener

    def mind(self) -> bool:
        """Lets a client in. Whether a new one is there."""
        if self._listener is None:
            return False
        self._drop_input()
        try:
            client, _ = self._listener.accept()
        except OSError:  # nobody
            return False
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._client is not None:
            if not self._kick_old:
                with client, contextlib.suppress(OSError):
                    client.sendall(_BUSY)
                return False
            self._hang_up()
        self._client = client
        return True

    def write(self, data: bytes) -> None:
        """To the client, if there is one; a client that is gone makes room."""
        if self._client is None or not data:
            return
        try:
            self._client.sendall(data)
        except BlockingIOError:
            pass
        except OSError:
            self._hang_up()

    def cut(self, *, reset: bool) -> None:
        """Hangs up, by EOF or RST, and lets nobody in."""
        if self._client is not None and reset:
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._hang_up()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def close(self) -> None:
        """Ends it; a second call does nothing."""
        self.cut(reset=False)

    def _drop_input(self) -> None:
        """What a client sends is lost; its end makes room for the next."""
        if self._client is None:
            return
        try:
            if not self._client.recv(4096):
                self._hang_up()
        except BlockingIOError:
            pass
        except OSError:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

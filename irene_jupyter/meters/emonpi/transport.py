"""The way to a meter: a serial port, or a socket that ser2net opens. The one door to pyserial.

All that pyserial raises is turned into the package's errors here, in one place: it also lets
bare OSError, AttributeError and TypeError through when a port vanishes under a read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import serial

from irene_jupyter.meters.errors import DisconnectedError, PortBusyError, PortError, PortOpenError

try:
    import fcntl
    import termios
except ImportError:  # Windows: pyserial's ports are exclusive there anyway
    _PORT_ERRORS: tuple[type[Exception], ...] = ()
else:
    _PORT_ERRORS = (termios.error,)

# How long a read waits, in seconds: sockets have no cancel, so this is how soon a stop is seen.
READ_SECONDS = 0.1

# ValueError: what pyserial raises for settings and URLs that it does not know.
_PORT_ERRORS += (serial.SerialException, OSError, AttributeError, TypeError, ValueError)

_BUSY = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
# ser2net's words to a second client, unless it has kickolduser.
BUSY_LINE = re.compile(rb"\s*Port already in use", re.IGNORECASE)


def serial_ports() -> list[tuple[str, str]]:
    """(device, what it is) of the serial ports here, on any system; bare ones of old are left."""
    from serial.tools.list_ports import comports

    return sorted(
        (each.device, each.description) for each in comports() if each.description != "n/a"
    )


class Port:
    """One connection to `url`: a device such as /dev/ttyUSB0, or socket://host:port.

    Not thread-safe, except that a `close` from another thread ends a read with
    `DisconnectedError`. The baud rate is the device's; a socket's is set in ser2net.
    """

    def __init__(self, url: str, baud: int = 38400) -> None:
        self.url = url
        self.baud = baud
        self.is_socket = _check(url)
        self._port: Any = None
        self._lock: int | None = None

    def open(self) -> None:
        """Raises `PortOpenError`, `PortBusyError` where another reader here has it."""
        self.close()
        held = self._lock is not None
        if self.is_socket and not held:
            self._lock = _lock(self.url)
        try:
            self._port = serial.serial_for_url(
                self.url,
                baudrate=self.baud,
                timeout=READ_SECONDS,
                exclusive=None if self.is_socket else True,
            )
        except _PORT_ERRORS as error:
            if not held:  # while a lost connection is opened again, the lock stays
                self.release()
            raise _open_error(self, error) from error

    def read(self) -> bytes:
        """What has come, at once; else what comes within `READ_SECONDS`, b"" for nothing.

        Raises `DisconnectedError`.
        """
        try:
            # Only what is there: bytes read before a disconnect in the same call are lost.
            data: bytes = self._port.read(max(1, self._port.in_waiting))
            return data
        except _PORT_ERRORS as error:
            raise DisconnectedError(f"{self.url}: the connection was lost ({error})") from error

    def close(self) -> None:
        """Closes the connection; a second call does nothing. Never raises."""
        port, self._port = self._port, None
        if port is None:
            return
        # After a lost connection pyserial's socket is forgotten, not closed.
        inner = getattr(port, "_socket", None)
        with contextlib.suppress(*_PORT_ERRORS):
            port.close()
        if inner is not None:
            with contextlib.suppress(OSError):
                inner.close()

    def release(self) -> None:
        """Closes the connection and lets other readers of this machine have it."""
        self.close()
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.close(self._lock)
            self._lock = None


def _check(url: str) -> bool:
    """Whether `url` is a socket. Raises `PortOpenError` for what is neither that nor a device."""
    scheme, separator, _ = url.partition("://")
    if not separator:
        if not url:
            raise PortOpenError("no port: give a device such as /dev/ttyUSB0 or socket://host:port")
        return False
    try:
        parts = urlsplit(url)
        good = scheme == "socket" and bool(parts.hostname) and bool(parts.port)
        good = good and not (parts.path or parts.query or parts.username)
    except ValueError:
        good = False
    if not good:
        raise PortOpenError(
            f"{url} is no address of a meter: give a device such as /dev/ttyUSB0, or "
            "socket://HOST:PORT for a ser2net (its accepter's port, such as 3333)"
        )
    return True


def _lock(url: str) -> int | None:
    """An advisory lock on a socket's address, held until its descriptor is closed.

    With `kickolduser` two readers would throw each other out for ever. Machines do not see each
    other's locks; those of one do, whichever user runs them.
    """
    if os.name != "posix":
        return None
    digest = hashlib.sha256(url.lower().encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"irene-meter-{digest}.lock"
    try:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:  # a lock that nobody can take is no reason not to read
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _BUSY:
            raise _busy(url) from error
        return None
    return descriptor


def _busy(url: str) -> PortBusyError:
    return PortBusyError(
        f"{url} already has a reader: two would split the bytes between them. End the other "
        "one (a second calibration, irene-jupyter log-meter, emonhub: "
        "sudo systemctl stop emonhub), then try again"
    )


def _open_error(port: Port, error: Exception) -> PortError:
    number = _errno(error)
    if number in _BUSY or (port.is_socket and number == errno.ECONNRESET):
        return _busy(port.url)
    if port.is_socket:
        remedy = (
            "is ser2net running on the Pi, or the ssh tunnel open (ssh -L 3333:localhost:3333 …)?"
        )
    elif number == errno.ENOENT or "FileNotFoundError" in str(error):
        there = ", ".join(device for device, _ in serial_ports())
        remedy = f"is the meter plugged in? Serial ports that are there: {there or 'none'}"
    elif number == errno.EACCES and sys.platform == "linux":
        remedy = 'you may not read it: sudo usermod -aG dialout "$USER", then log in again'
    elif number == errno.EACCES or "PermissionError" in str(error):
        remedy = "you may not read it, or another program has it open: end that one"
    else:
        remedy = "is it a serial port, and the baud rate one that it knows?"
    return PortOpenError(f"{port.url} cannot be opened: {remedy} ({error})")


def _errno(error: BaseException | None) -> int | None:
    while error is not None:
        number = getattr(error, "errno", None)
        if isinstance(number, int):
            return number
        error = error.__cause__ or error.__context__
    return None

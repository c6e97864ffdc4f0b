"""The driver's library, held open from one cell to the next: its start takes half a second."""

from __future__ import annotations

import atexit
import os
import threading

from irene_jupyter.resources.nvml import NvmlSession


class KeptSession:
    """One session for all cells of a process; `close` gives it back when the process ends."""

    def __init__(self) -> None:
        self._session: NvmlSession | None = None
        self._process = 0
        self._lock = threading.Lock()

    def take(self) -> NvmlSession:
        """The open session, or a new one where there is none, or where it is of no use any more.

        Raises as `NvmlSession`.
        """
        with self._lock:
            session = self._session
            # A fork has its parent's, which belongs to the parent's connection to the driver.
            if session is None or self._process != os.getpid() or not session.renew():
                self._close()
                session = self._session = NvmlSession()
                self._process = os.getpid()
            return session

    def close(self) -> None:
        """Gives the library back; the next `take` opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def abandon(self) -> None:
        """A thread hangs in the driver, which nobody is to wait for, at the process's end least."""
        self._session = None
        self.unlock()

    def unlock(self) -> None:
        """Who holds the lock does not give it back: it hangs, or is not there in a fork."""
        self._lock = threading.Lock()


KEPT = KeptSession()
atexit.register(KEPT.close)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=KEPT.unlock)

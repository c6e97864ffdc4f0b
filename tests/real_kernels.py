"""A real kernel for the tests: cells go in, the reply and the outputs come out."""

from __future__ import annotations

import os
import queue
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SECONDS = 60.0  # for one cell; far above what any takes


@dataclass
class Cell:
    """What a cell gave: the content of its reply, and its messages on iopub."""

    reply: dict[str, Any]
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.reply["status"] == "ok"

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [content for type_, content in self.messages if type_ == kind]

    def stream(self, name: str) -> str:
        return "".join(item["text"] for item in self.of("stream") if item["name"] == name)

    @property
    def displays(self) -> list[dict[str, Any]]:
        return [item["data"] for item in self.of("display_data")]

    @property
    def result(self) -> str | None:
        """`text/plain` of Out[n]."""
        results = self.of("execute_result")
        assert len(results) <= 1
        return results[0]["data"]["text/plain"] if results else None

    @property
    def traceback(self) -> str:
        """The error as the front end shows it."""
        return _ANSI.sub("", "\n".join("\n".join(item["traceback"]) for item in self.of("error")))


class Kernel:
    """A running ipykernel."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=_SECONDS)

    def run(
        self,
        code: str,
        *,
        when_busy: Callable[[], object] | None = None,
        seconds: float = _SECONDS,
        interrupt_at: str | None = None,
        metadata: dict[str, Any] | None = None,
        **how: Any,
    ) -> Cell:
        """Execute a cell, which may take `seconds`. `when_busy` is called once, when the cell has
        printed something; `interrupt_at` interrupts it once it has printed that. With `metadata`
        the request is as a page sends it; else as nbclient does."""
        message = self._ask(code, metadata, how)
        cell = Cell({})
        deadline = time.monotonic() + seconds
        while True:
            try:
                item = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                assert time.monotonic() < deadline, f"no end of:\n{code}"
                continue
            if item["parent_header"].get("msg_id") != message:
                continue
            kind, content = item["msg_type"], item["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            cell.messages.append((kind, content))
            if kind == "stream" and when_busy is not None:
                when_busy()
                when_busy = None
            if kind == "stream" and interrupt_at is not None and interrupt_at in content["text"]:
                self.interrupt()
                interrupt_at = None
        while True:
            reply = self.client.get_shell_msg(timeout=_SECONDS)
            if reply["parent_header"].get("msg_id") == message:
                cell.reply = reply["content"]
                return cell

    def _ask(self, code: str, metadata: dict[str, Any] | None, how: dict[str, Any]) -> str:
        if metadata is None:
            return str(self.client.execute(code, **how))
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": True, **how}  # fmt: skip
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        message["header"]["msg_id"] = message["msg_id"] = str(uuid4())
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def value(self, expression: str) -> Any:
        """The value of a Python expression in the user's namespace (a literal)."""
        reply = self.client.execute(
            "", silent=True, user_expressions={"value": f"repr({expression})"}, reply=True
        )
        answer = reply["content"]["user_expressions"]["value"]
        assert answer["status"] == "ok", answer
        return eval(eval(answer["data"]["text/plain"]))

    def complete(self, code: str) -> list[str]:
        """The completions at the end of `code`."""
        content = self.client.complete(code, len(code), reply=True)["content"]
        matches: list[str] = content["matches"]
        return matches

    def interrupt(self) -> None:
        time.sleep(0.3)  # let the cell go on from its print to what is to be interrupted
        self.manager.interrupt_kernel()

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@contextmanager
def kernels(home: Path) -> Iterator[Callable[[], Kernel]]:
    """Starts kernels of this interpreter, with all their folders in `home`; ends them."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = dict(os.environ) | {name: str(home / name.lower()) for name in names}
    environment["XDG_DATA_HOME"] = str(home / "data")  # no profile of this machine's owner
    started: list[Kernel] = []

    def start() -> Kernel:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        manager = KernelManager(connection_file=str(home / f"kernel-{len(started)}.json"))
        manager._kernel_spec = KernelSpec(argv=argv, language="python", display_name="tests")
        manager.start_kernel(env=environment, cwd=str(home))
        started.append(Kernel(manager))
        return started[-1]

    try:
        yield start
    finally:
        for kernel in started:
            kernel.stop()

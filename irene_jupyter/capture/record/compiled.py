"""Where compiled code begins and ends in a thread, so that we can stand aside for it.

torch switches its compiler on and off around each call of a compiled function by one function of
`torch._dynamo.eval_frame`, which is wrapped for as long as our hooks are installed. The frame that
calls it holds what is being called. Nothing of this is seen by the compiler: our frames return
before it is on.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

_SWITCH = "_maybe_set_eval_frame"
_CALLER = "compile_wrapper"  # of torch 2.13: the wrapper around a compiled function

# Asked before compiled code runs: (function, args, kwargs) -> what to hold open meanwhile, if any.
Entered = Callable[[Any, tuple[Any, ...], dict[str, Any]], AbstractContextManager[Any] | None]


@dataclass(slots=True)
class _Region:
    """Compiled code that is running, by the frame that called it."""

    frame: FrameType
    held: AbstractContextManager[Any] | None


class _Local(threading.local):
    def __init__(self) -> None:
        self.regions: list[_Region] = []


class StandsAside(Protocol):
    """What is to stand aside; `on_compiled` is asked first."""

    on_compiled: Entered | None

    def stand_aside(self) -> None: ...
    def come_back(self) -> None: ...


class CompiledCalls:
    """Has `hooks` stand aside for each call of compiled code, from `install` to `uninstall`."""

    def __init__(self, hooks: StandsAside) -> None:
        self._hooks = hooks
        self._local = _Local()
        self._original: Callable[[Any], Any] = lambda callback: callback
        self._is_installed = False

    def install(self) -> None:
        """Wrap torch's switch, once its compiler is imported; harmless when it is done already."""
        dynamo = sys.modules.get("torch._dynamo.eval_frame")
        original = getattr(dynamo, _SWITCH, None)
        if not self._is_installed and original is not None:
            self._original, self._is_installed = original, True
            setattr(dynamo, _SWITCH, self._switch)

    def uninstall(self) -> None:
        """torch as it was; who has wrapped over us since then stays."""
        dynamo = sys.modules.get("torch._dynamo.eval_frame")
        if self._is_installed and getattr(dynamo, _SWITCH, None) == self._switch:
            setattr(dynamo, _SWITCH, self._original)
            self._is_installed = False

    def _switch(self, callback: Any) -> Any:
        frame = sys._getframe(1)
        if frame.f_code.co_name == _CALLER:
            regions = self._local.regions
            if regions and regions[-1].frame is frame:
                held = regions.pop().held
                if held is not None:
                    held.__exit__(None, None, None)
                self._hooks.come_back()
            elif callback is not None:
                given = frame.f_locals
                if "fn" in given and "call_succeeded" not in given:  # not on the way out
                    entered, held = self._hooks.on_compiled, None
                    if entered is not None:
                        held = entered(given["fn"], given["args"], given["kwargs"])
                    if held is not None:
                        held.__enter__()
                    regions.append(_Region(frame, held))
                    self._hooks.stand_aside()
        return self._original(callback)

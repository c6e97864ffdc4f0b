"""Sees every model that a cell builds or calls, while the cell runs.

A call at depth 0 is a root call. Its signature (arguments' shapes, the model's own state) decides
whether it is recorded in full (the first time) or only counted and timed. Which modules a counted
call ran is compared with what the recorded one did, so that a call that does other work is not
counted as that one. Results, hooks and random state are the user's own, untouched; nothing of the
user's lives longer because it was recorded.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch._C._autograd import _get_sequence_nr
from torch.utils.checkpoint import _StopRecomputationError

from irene_jupyter.capture.in_place.cuda_events import CudaEvents
from irene_jupyter.capture.record.hidden import hidden_part, name_of
from irene_jupyter.capture.record.hooks import HOOKS, THREADS, Thread
from irene_jupyter.capture.record.recording import Recording
from irene_jupyter.capture.training.forwards import Forward, Passed
from irene_jupyter.capture.training.passes import Passes
from irene_jupyter.capture.training.stepping import Steps
from irene_jupyter.capture.watch.activity import Activity
from irene_jupyter.capture.watch.caches import Caches
from irene_jupyter.capture.watch.groups import Groups
from irene_jupyter.capture.watch.loop import Loop
from irene_jupyter.capture.watch.padding import Padding
from irene_jupyter.capture.watch.signed import Ongoing, Record, Signature, output_shape
from irene_jupyter.capture.watch.timed_call import TimedCall
from irene_jupyter.capture.watch.training_times import TrainingTimes
from irene_jupyter.errors import CaptureError

logger = logging.getLogger(__name__)

_NOT_USERS = ("torch.fx.", "torch.jit.", "torch._")


class Recorder:
    """Context manager around a cell. Afterwards: `signatures` of what was called, `built` models.

    `undescribed` names the classes of models whose calls could not be told apart and are not in
    `signatures`; `running` those whose call had not ended. One recorder may be active at a time
    in a process; another one raises `CaptureError`.
    """

    _active: Recorder | None = None

    def __init__(self) -> None:
        self.signatures: list[Signature] = []
        self.undescribed: dict[str, int] = {}
        self.running: tuple[str, ...] = ()
        self.activity = Activity(time.perf_counter())  # by `id` of a signature, and of training
        self.loop = Loop()
        self.own_seconds = 0.0  # that recording took within the cell
        self._groups = Groups(self._own_share)
        self._built: dict[int, weakref.ref[nn.Module]] = {}  # by `id`, oldest first
        self._callers = [THREADS.this]  # threads that called a model, and the cell's own
        self._compilers: set[Thread] = set()  # threads that called compiled code
        self._lock = threading.Lock()
        self._started = 0.0
        self._open = ExitStack()
        self._caches = Caches()
        self._events = CudaEvents()
        self.passes = Passes(self._events, self._own_share)
        self.steps = Steps(self._groups.models)
        self._training = TrainingTimes(self._spent, self.passes, self.steps)
        self._compile: Callable[..., Any] = torch.compile

    def __enter__(self) -> Recorder:
        if Recorder._active is not None:
            raise CaptureError(
                "another measurement is running in this process: take measure() or EnergyMonitor "
                "out of the measured cell, or wait until it has ended"
            )
        Recorder._active = self
        self._started = time.perf_counter()
        self.activity = Activity(self._started)
        self._compile = torch.compile
        HOOKS.on_root, HOOKS.on_created = self._root_call, self._created
        HOOKS.on_compiled = self._compiled_called
        self._open.enter_context(HOOKS.installed())
        self._training.install()
        torch.compile = self._compile_watched
        return self

    def __exit__(self, *_: object) -> None:
        HOOKS.on_root = HOOKS.on_created = HOOKS.on_compiled = None
        torch.compile = self._compile
        self._caches.uninstall()
        self._training.uninstall()
        self._open.close()
        with self._lock:
            self.loop.end_evaluation()
            for each in self._callers:
                each.watched_by = None
            self.running = tuple(
                name_of(each.running.called) for each in self._callers if each.running is not None
            )
        Recorder._active = None

    def _own_share(self) -> float:
        """Of the time since the cell began: what recording took."""
        return (self.own_seconds + self.passes.own_seconds) / (time.perf_counter() - self._started)

    @property
    def may_have_missed(self) -> bool:
        """Whether one thread may have called a model while compiled code ran in another."""
        return bool(self._compilers) and len(self._compilers.union(self._callers)) > 1

    @property
    def built(self) -> list[nn.Module]:
        """The modules created while the recorder was open and still alive, oldest first."""
        alive = [reference() for reference in list(self._built.values())]
        return [module for module in alive if module is not None]

    def _compile_watched(self, *args: Any, **kwargs: Any) -> Any:
        """`torch.compile`, which may be what imports the compiler."""
        made = self._compile(*args, **kwargs)
        HOOKS.meet_compiler()
        return made

    def _created(self, module: nn.Module) -> None:
        # TorchScript's and the compiler's own modules are copies of the user's.
        if not type(module).__module__.startswith(_NOT_USERS):
            with self._lock:
                # Anew each time: the `id` may be that of a module which is gone already.
                self._built.pop(id(module), None)
                self._built[id(module)] = weakref.ref(module)

    def _spent(self, what: str, started: float, ended: float, optimiser: int | None = None) -> None:
        with self._lock:
            self.activity.add(what, started, ended)
            self.loop.spent(what, started, ended, optimiser)

    # --- calls ------------------------------------------------------------------------------

    def _root_call(
        self,
        call: Callable[..., Any],
        module: nn.Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        # Every call of every model passes here: the usual case, a known signature, comes first.
        thread, returned = THREADS.this, False
        ongoing = self._begin(thread, module, args, kwargs)
        try:
            group = ongoing.group
            timing = None if group is None else group.timing
            if group is None or not (group.to_record or timing) or _is_tracing():
                output = call(module, *args, **kwargs)
            elif group.to_record or timing is None:
                output = self._recorded_call(ongoing, call, module, args, kwargs)
            else:
                timed = TimedCall(timing[0], self._events, follows_functions=timing[1])
                ongoing.passed = timed.boundaries
                with timed:
                    output = timed.module_called(call, module, args, kwargs)
            thread.seen += hash(output_shape(output))
            returned = True
            return output
        except _StopRecomputationError:  # checkpointing has what it wanted
            returned = True
            raise
        finally:
            self._end(thread, ongoing, returned=returned)

    def _begin(
        self, thread: Thread, called: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Ongoing:
        """Before a root call of `thread`, this one, of a module or a compiled function."""
        thread.is_inside, thread.seen = True, 0
        ongoing = Ongoing(called)
        try:
            with torch._C.DisableTorchFunction():  # the user's modes see no question of ours
                group, cached, place = self._groups.of(called, args, kwargs)
                if cached is not None:
                    cache = kwargs["past_key_values"]
                    ongoing.reading = self._caches.begun(cache, group.first, cached, place)
                ongoing.group = group
        except Exception as error:  # an argument that defies description must not stop the user
            logger.debug("no signature for %s", name_of(called), exc_info=error)
        if thread.watched_by is not self:
            thread.watched_by = self
            self._callers.append(thread)
        thread.running = ongoing
        if ongoing.group is not None and ongoing.group.first.is_recomputed:
            self.passes.stands_aside()
        ongoing.number = _get_sequence_nr()
        ongoing.started = time.perf_counter()
        return ongoing

    def _end(self, thread: Thread, ongoing: Ongoing, *, returned: bool) -> None:
        """After a root call of `thread`: its time, and what it ran."""
        ended = time.perf_counter()
        number = _get_sequence_nr()
        thread.is_inside, thread.running = False, None
        self._training.called(ended - ongoing.started)
        if ongoing.group is not None and ongoing.group.first.is_recomputed:
            self.passes.goes_on(ended - ongoing.started)
        with self._lock:
            if ongoing.passed is not None:
                self.own_seconds += ongoing.passed.own_seconds
            if ongoing.group is None:
                name = name_of(ongoing.called)
                self.undescribed[name] = self.undescribed.get(name, 0) + 1
                return
            signature = ongoing.group.after(
                thread.seen, ended - ongoing.started, ongoing, returned=returned
            )
            if signature.calls + signature.failures == 1:
                self.signatures.append(signature)
            if ongoing.reading is not None:
                self._caches.ended(ongoing.reading, signature)
            self.activity.add(id(signature), ongoing.started, ended)
            self.loop.called(signature, ongoing.started, ended)
        if number > ongoing.number:  # not without gradients
            passed = _passed(ongoing)
            forward = Forward(
                id(signature), signature.kind, signature.class_name, ongoing.number, number, passed
            )
            self.passes.called(forward)

    def _recorded_call(
        self,
        ongoing: Ongoing,
        call: Callable[..., Any],
        module: nn.Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """A call of a signature without a tree: recorded in full, which changes nothing."""
        assert ongoing.group is not None
        with torch._C.DisableTorchFunction():
            batch_size = ongoing.group.first.batch_size
            recording = Recording(module, batch_size, keep_calls=True, events=self._events)
        is_complete = False
        try:
            with recording:
                output = recording.module_called(call, module, args, kwargs)
            is_complete = True
            return output
        except _StopRecomputationError:
            is_complete = True
            raise
        finally:
            with torch._C.DisableTorchFunction():
                node = recording.finish()
            self.own_seconds += recording.course.first.own_seconds
            hidden = tuple(recording.hidden.values())
            if (node is not None or hidden) and not recording.is_disturbed:
                ongoing.record = Record(
                    node,
                    recording.calls,
                    hidden,
                    is_complete,
                    recording.course,
                    recording.gradients,
                    Padding(kwargs),
                )

    def _compiled_called(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> AbstractContextManager[Any] | None:
        """What to hold open while compiled code runs in this thread."""
        try:
            thread = THREADS.this
            if thread.is_own:
                return None
            self._compilers.add(thread)
            recording = thread.recording
            if recording is not None:
                recording.compiled_called(function, args, kwargs)
                return recording.aside()
            return None if thread.is_inside else self._compiled_root(function, args, kwargs)
        except Exception as error:  # never in place of the user's own call
            logger.debug("compiled code was not seen", exc_info=error)
            return None

    @contextmanager
    def _compiled_root(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Iterator[None]:
        """Around a call of compiled code: a model's method, as generate() makes them, or a step."""
        own = getattr(function, "__self__", None)
        module = own if isinstance(own, nn.Module) else None
        thread, returned = THREADS.this, False
        ongoing = self._begin(thread, module or function, args, kwargs)
        try:
            if ongoing.group is not None and ongoing.group.to_record:
                try:
                    part = hidden_part("", "compiled", module, function, args, kwargs)
                    ongoing.record = Record(None, {}, (part,))
                except Exception as error:  # arguments that cannot be had without their data
                    logger.debug("%s was not kept", name_of(function), exc_info=error)
            yield
            returned = True
        finally:
            self._end(thread, ongoing, returned=returned)


def _passed(ongoing: Ongoing) -> Passed | None:
    """The boundaries of a call that was recorded or timed."""
    if ongoing.passed is not None:
        return None if ongoing.course is None else Passed(ongoing.course, ongoing.passed)
    course = None if ongoing.record is None else ongoing.record.course
    return None if course is None or not course.is_whole else Passed(course, course.first)


def _is_tracing() -> bool:
    return bool(torch.jit._trace.is_tracing())  # type: ignore[no-untyped-call]

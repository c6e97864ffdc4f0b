"""Which calls are alike from outside, and how many kinds and sizes of them are recorded."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.copies.copies import uncompiled
from irene_jupyter.capture.inputs.inputs import input_sizes
from irene_jupyter.capture.record.builder import class_name_of
from irene_jupyter.capture.record.hidden import name_of
from irene_jupyter.capture.record.hooks import HOOKS
from irene_jupyter.capture.record.signatures import describe
from irene_jupyter.capture.watch.signed import Group, Known, Signature, without_sizes
from irene_jupyter.capture.watch.steps import Place, phase_of, place_of, role_of

# Cache lengths within one bucket share a signature: a generated token is recorded in full
# only once in so many, which bounds the overhead on generate().
CACHE_BUCKET = 32  # tokens
# Sizes of one kind of call that are recorded in full whatever it costs: trees of further sizes
# can be told from these. Beyond them recording takes at most this share of the cell's time (and
# torch's own detours for it as much again).
RECORDED_SIZES = 12
RECORDING_SHARE = 0.015
# Calls after a recorded one that are timed in place, each with or without its functions, which
# takes a mode that slows it: of the first size of a kind, and, while it costs little, of further
# ones, whose recorded call finds all that it needs loaded, and divides what modules took.
TIMED_CALLS = (False, True, False, True, False)
TIMED_CALLS_OF_FURTHER_SIZES = (False,)

# One question in place of one for each device type; torch 2.4 has it as well.
_is_autocast_enabled = torch._C._is_any_autocast_enabled
_in_backward = torch._C._current_graph_task_id  # -1 outside of one


class Groups:
    """The groups of all calls of a cell. `own_share` is what recording took of its time so far."""

    def __init__(self, own_share: Callable[[], float]) -> None:
        self._own_share = own_share
        self._known: dict[int, Known] = {}  # by `id` of the living model
        self._recorded: dict[Any, int] = {}  # sizes that were recorded, by kind of call
        self._lock = threading.Lock()

    def models(self) -> list[tuple[int, nn.Module]]:
        """The models that were called and are there, each by the `id` of its reference."""
        living = [(id(each.reference), each.reference()) for each in list(self._known.values())]
        return [(key, uncompiled(model)) for key, model in living if isinstance(model, nn.Module)]

    def of(
        self, called: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Group, int | None, Place | None]:
        """The group of a call that begins; tokens in its cache, and its place in generate()."""
        called = getattr(called, "__func__", called)  # a bound method is gone at once
        known = self._known.get(id(called))
        if known is None:
            known = self._meet(called)
        cached, place = place_of(kwargs) if kwargs else (None, None)
        key = (
            known.state(called),
            getattr(called, "training", False),
            torch.is_grad_enabled(),
            _is_autocast_enabled(),
            _in_backward() != -1,
            place,
            cached is not None and cached > 0,
            *[describe(value, cached) for value in args],
            *[(name, describe(value, cached)) for name, value in kwargs.items()],
            None if cached is None else cached // CACHE_BUCKET,
        )
        group = known.groups.get(key)
        if group is None:
            with self._lock:
                group = known.groups.get(key)
                if group is None:  # else another thread was faster
                    group = self._new(known, key, called, args, kwargs, cached, place)
                    known.groups[key] = group
        return group, cached, place

    def _new(
        self,
        known: Known,
        key: tuple[Any, ...],
        called: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        cached: int | None,
        place: Place | None,
    ) -> Group:
        batch_size, seq_len = input_sizes(args, kwargs)
        phase, role = phase_of(cached, place, seq_len), role_of(called)
        sizes = [] if cached is None else [cached]
        signature = Signature(
            known.reference,
            known.class_name,
            batch_size,
            seq_len,
            kind=(id(known), phase, role, without_sizes(key[:-1], sizes)),
            sizes=tuple(sizes),
            phase=phase,
            cache_length=cached,
            role=role,
            training=key[1],
            has_gradients=key[2],
            is_recomputed=key[4],
        )
        count = self._recorded.get(signature.kind, 0)
        is_cheap = count == 0 or self._own_share() < RECORDING_SHARE
        further = TIMED_CALLS_OF_FURTHER_SIZES if is_cheap else ()
        group = Group(known, signature, further if count else TIMED_CALLS)
        if count < RECORDED_SIZES or is_cheap:
            self._recorded[signature.kind] = count + 1
        else:
            group.to_record = False
        return group

    def _meet(self, called: Any) -> Known:
        HOOKS.meet_compiler()
        identity, models = id(called), self._known
        reference = weakref.ref(called, lambda _: models.pop(identity, None))
        is_module = isinstance(called, nn.Module)
        name = class_name_of(called) if is_module else name_of(called)
        with self._lock:
            return models.setdefault(identity, Known(reference, name))

"""generate(): what it would do if it ran.

A decoding step's shapes, and with them its features, grow linearly with the cache. So two steps
are traced, the first and the last, and those between them interpolated.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from irene_jupyter.capture.calls import Call
from irene_jupyter.capture.copies import bare_copy, uncompiled
from irene_jupyter.capture.gather import Recorded
from irene_jupyter.capture.inputs import Inputs, check_positions, dummy_inputs
from irene_jupyter.capture.interpolation import interpolated
from irene_jupyter.capture.isolation import isolated
from irene_jupyter.capture.replay import replayed
from irene_jupyter.capture.trace import Recording
from irene_jupyter.errors import CaptureError, IreneError
from irene_jupyter.tree import ModelTree, Node, Run

logger = logging.getLogger(__name__)

# Parts of a long generation, each predicted at its mean cache length. A step's energy is nearly
# linear in it, so more of them change nothing that could be seen.
MAX_PARTS = 4
MIN_PART_TOKENS = 16

_CACHES = ("past_key_values", "cache_params")  # of keys and values; of states, which do not grow
_REMEDY = "measure it: with irene_jupyter.EnergyMonitor() around model.generate(…)"


def generation_of(
    model: nn.Module,
    batch_size: int,
    seq_len: int,
    new_tokens: int,
    name: str | None = None,
    *,
    replay_seconds: float = 0.0,
) -> tuple[Run, ...]:
    """The prefill and the decoding steps of a generation with a cache; the model is not run.

    Where it has its weights, its leaves are repeated on their own for `replay_seconds`.

    The prefill reads `seq_len` tokens and gives the first of `new_tokens`, each further one takes
    a decoding step. An encoder-decoder reads them with its encoder. Raises `CaptureError` where
    the model keeps no cache or cannot be traced without data, `OptionError` where it has too few
    positions.
    """
    model = uncompiled(model)
    name = name or type(model).__name__
    accepted = set(inspect.signature(model.forward).parameters)
    config = getattr(model, "config", None)
    cache_name = next((each for each in _CACHES if each in accepted), None)
    if config is None or cache_name is None or "use_cache" not in accepted:
        raise CaptureError(
            f"{name} keeps no cache that new_tokens could use: predict one forward pass "
            f"(new_tokens=0), or {_REMEDY}"
        )
    is_encoder_decoder = bool(getattr(config, "is_encoder_decoder", False))
    length = new_tokens if is_encoder_decoder else seq_len + new_tokens
    check_positions(model, config, length)
    inputs = next(iter(dummy_inputs(model, batch_size, seq_len)))
    failure: Exception | None = None
    for context in (nullcontext, _on_meta):  # the second costs more, and is seldom needed
        session = _Session(model, inputs, accepted, cache_name, is_encoder_decoder, context)
        try:
            with isolated():
                return session.runs(name, new_tokens, replay_seconds)
        except IreneError:
            raise
        except Exception as error:  # whatever the model's own code raises without data
            logger.debug("%s: no generation on meta", name, exc_info=error)
            failure = error
    assert failure is not None
    raise CaptureError(
        f"{name}: generation could not be traced without data ({type(failure).__name__}: "
        f"{failure}): predict one forward pass (new_tokens=0), or {_REMEDY}"
    ) from failure


class _AllTrue(TorchFunctionMode):
    """Truth on meta: who asks for it asks whether a mask has no padding, and it has none."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "") in ("__bool__", "item") and args[0].is_meta:
            return True
        return func(*args, **(kwargs or {}))


@contextmanager
def _on_meta() -> Iterator[None]:
    """For code that creates tensors without naming their device, or looks at masks' values."""
    with torch.device("meta"), _AllTrue():
        yield


@dataclass(frozen=True, slots=True)
class _Traced:
    """A call of the model on meta, and how its leaves were called."""

    node: Node
    calls: Mapping[str, Call]


class _Session:
    """A model on meta tensors that is taken through the prefill and two decoding steps."""

    def __init__(
        self,
        model: nn.Module,
        inputs: Inputs,
        accepted: set[str],
        cache_name: str,
        is_encoder_decoder: bool,
        context: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._model = model  # lends its structure only: a copy of it is called
        self._copied = bare_copy(model)
        self._inputs = inputs
        self._accepted = accepted
        self._cache_name = cache_name
        self._is_encoder_decoder = is_encoder_decoder
        self._context = context
        places = {t.device for t in (*model.parameters(), *model.buffers())}
        # Weights on several devices, or on meta, not all there yet: none on which to repeat.
        place = places.pop() if len(places) == 1 else None
        self._device = None if place is None or place.type == "meta" else place

    def runs(self, name: str, new_tokens: int, replay_seconds: float) -> tuple[Run, ...]:
        """The prefill, then the decoding steps in parts of growing cache."""
        batch, steps = self._inputs.batch_size, new_tokens - 1
        traced, output = self._recorded(self._prompt())
        found = [traced]
        cache: Any = getattr(output, self._cache_name, None)
        if not callable(getattr(cache, "get_seq_length", None)):
            raise CaptureError(f"{name} returns no cache: {_REMEDY}")
        start = int(cache.get_seq_length()) if self._cache_name == _CACHES[0] else None
        if steps > 0:
            found.append(self._recorded(self._step(output, cache))[0])
        if start is not None and steps > 1:
            _extend(cache, start + steps - 1 - int(cache.get_seq_length()))
            found.append(self._recorded(self._step(output, cache))[0])
        nodes, notes = self._replayed(found, steps, replay_seconds)
        prefill, short, long = nodes[0], nodes[min(1, len(nodes) - 1)], nodes[-1]
        tokens = batch * self._length(prefill)
        tree = ModelTree(name, prefill, batch, tokens // batch)

        def step_after(offset: float) -> Node:
            return interpolated(short, long, offset / max(1, steps - 1))

        return generation_runs(tree, tokens, start, steps, step_after, notes)

    def _replayed(
        self, found: Sequence[_Traced], steps: int, seconds: float
    ) -> tuple[list[Node], tuple[str, ...]]:
        """The trees with what their leaves take here, one after the other; and what to note."""
        nodes = [traced.node for traced in found]
        if self._device is None or seconds <= 0:
            return nodes, ()
        name, batch = type(self._model).__name__, self._inputs.batch_size
        calls = (1, *[max(1, steps // (len(nodes) - 1))] * (len(nodes) - 1))
        replay = replayed(
            [
                Run(model=name, tree=ModelTree(name, node, batch, 1), calls=number)
                for node, number in zip(nodes, calls, strict=True)
            ],
            [Recorded(self._model, "", traced.calls) for traced in found],
            seconds,
        )
        return [run.tree.root for run in replay.runs], replay.notes

    def _length(self, prefill: Node) -> int:
        """Tokens of one row of the prompt: for audio, what the encoder makes of it, and a start."""
        if not self._is_encoder_decoder:
            return self._inputs.seq_len
        encoder = next((c for c in prefill.walk() if c.path.rpartition(".")[2] == "encoder"), None)
        shapes = () if encoder is None else encoder.features.output_shapes
        return 1 + (shapes[0][1] if shapes and len(shapes[0]) > 2 else self._inputs.seq_len)

    def _ids(self) -> torch.Tensor:
        return torch.ones(self._inputs.batch_size, 1, dtype=torch.long, device="meta")

    def _prompt(self) -> dict[str, Any]:
        kwargs = {**self._inputs.kwargs, "use_cache": True}
        if self._is_encoder_decoder:
            kwargs["decoder_input_ids"] = self._ids()
        elif "logits_to_keep" in self._accepted:
            kwargs["logits_to_keep"] = 1  # as generate() asks
        return kwargs

    def _step(self, prompt: Any, cache: Any) -> dict[str, Any]:
        kwargs: dict[str, Any] = {self._cache_name: cache, "use_cache": True}
        if not self._is_encoder_decoder:
            return {**kwargs, "input_ids": self._ids()}
        from transformers.modeling_outputs import BaseModelOutput

        states = prompt.encoder_last_hidden_state
        kwargs["encoder_outputs"] = BaseModelOutput(last_hidden_state=states)
        return {**kwargs, "decoder_input_ids": self._ids()}

    def _recorded(self, kwargs: Mapping[str, Any]) -> tuple[_Traced, Any]:
        recording = Recording(
            self._copied,
            self._inputs.batch_size,
            keep_calls=self._device is not None,
            device=self._device,
            is_timed=False,
        )
        with self._context(), recording:
            output = self._copied(**kwargs)
        node = recording.finish()
        if node is None:
            raise CaptureError(f"{type(self._model).__name__} was not called")
        return _Traced(node, recording.calls), output


def _extend(cache: Any, tokens: int) -> None:
    """Makes a cache on meta `tokens` longer, as if as many steps had been made."""
    if tokens < 1:
        return
    own = getattr(cache, "self_attention_cache", cache)
    for index, layer in enumerate(own.layers):
        keys, values = getattr(layer, "keys", None), getattr(layer, "values", None)
        if isinstance(keys, torch.Tensor) and isinstance(values, torch.Tensor):
            more = (t.new_empty((*t.shape[:-2], tokens, t.shape[-1])) for t in (keys, values))
            own.update(*more, index)


def generation_runs(
    prefill: ModelTree,
    tokens: int,
    start: int | None,
    steps: int,
    step_after: Callable[[float], Node],
    notes: tuple[str, ...] = (),
) -> tuple[Run, ...]:
    """The prefill of `tokens` tokens, then `steps` decoding steps in parts of growing cache.

    `start` is the cache's length at the first step, None where it does not grow: then all steps
    are alike. `step_after(n)` is the tree of the step that n others precede, which need not be a
    whole number.
    """
    name, batch = prefill.name, prefill.batch_size
    runs = [Run(model=name, tree=prefill, phase="prefill", tokens=tokens, items=batch, notes=notes)]
    parts = 0
    if steps > 0:
        parts = 1 if start is None else min(MAX_PARTS, max(1, steps // MIN_PART_TOKENS))
    for part in range(parts):
        begin, end = steps * part // parts, steps * (part + 1) // parts
        middle = (begin + end - 1) / 2
        runs.append(
            Run(
                model=name,
                tree=ModelTree(name, step_after(middle), batch, 1),
                calls=end - begin,
                phase="decode",
                tokens=batch * (end - begin),
                cache_length=None if start is None else start + round(middle),
            )
        )
    return tuple(runs)

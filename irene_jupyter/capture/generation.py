"""generate(): what the model's calls do not tell about it, and what it would do if it ran.

A decoding step's shapes, and with them its features, grow linearly with the cache. So two steps
are traced, the first and the last, and those between them interpolated.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from irene_jupyter.capture.inputs import Inputs, check_positions, dummy_inputs
from irene_jupyter.capture.structure import uncompiled, untouched
from irene_jupyter.capture.trace import Recording
from irene_jupyter.errors import CaptureError, IreneError
from irene_jupyter.tree import Features, ModelTree, Node, Run, Shape

logger = logging.getLogger(__name__)

# Parts of a long generation, each predicted at its mean cache length. A step's energy is nearly
# linear in it, so more of them change nothing that could be seen.
MAX_PARTS = 4
MIN_PART_TOKENS = 16

_GENERATION = "transformers.generation.utils"
_FRAMES = 24  # from a model's call up to generate(), through decorators and hooks
_REMEDY = "measure it: with irene_jupyter.EnergyMonitor() around model.generate(…)"


def beams_of_caller() -> int:
    """Rows of the batch that transformers' beam search computes for one sequence; else 1.

    Nothing that a model is called with tells beams from a batch, so the caller is asked.
    """
    frame = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame.f_globals.get("__name__") == _GENERATION:
            config = frame.f_locals.get("generation_config")
            beams = getattr(config, "num_beams", None)
            if isinstance(beams, int) and beams > 1:
                return max(1, beams // (getattr(config, "num_return_sequences", None) or 1))
        if frame.f_back is None:
            break
        frame = frame.f_back
    return 1


def generation_of(
    model: nn.Module, batch_size: int, seq_len: int, new_tokens: int, name: str | None = None
) -> tuple[Run, ...]:
    """The prefill and the decoding steps of a generation with a cache; nothing is run.

    The prefill reads `seq_len` tokens and gives the first of `new_tokens`, each further one takes
    a decoding step. An encoder-decoder reads them with its encoder. Raises `CaptureError` where
    the model keeps no cache of keys and values or cannot be traced without data, `OptionError`
    where it has too few positions.
    """
    model = uncompiled(model)
    name = name or type(model).__name__
    accepted = set(inspect.signature(model.forward).parameters)
    config = getattr(model, "config", None)
    if config is None or not {"past_key_values", "use_cache"} <= accepted:
        raise CaptureError(
            f"{name} keeps no cache of keys and values that new_tokens could use: predict one "
            f"forward pass (new_tokens=0), or {_REMEDY}"
        )
    is_encoder_decoder = bool(getattr(config, "is_encoder_decoder", False))
    length = new_tokens if is_encoder_decoder else seq_len + new_tokens
    check_positions(model, config, length)
    inputs = next(iter(dummy_inputs(model, batch_size, seq_len)))
    failure: Exception | None = None
    for context in (nullcontext, _on_meta):  # the second costs more, and is seldom needed
        session = _Session(model, inputs, accepted, is_encoder_decoder, context)
        try:
            with untouched(model):
                return session.runs(name, new_tokens)
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


class _Session:
    """A model on meta tensors that is taken through the prefill and two decoding steps."""

    def __init__(
        self,
        model: nn.Module,
        inputs: Inputs,
        accepted: set[str],
        is_encoder_decoder: bool,
        context: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._model = model
        self._inputs = inputs
        self._accepted = accepted
        self._is_encoder_decoder = is_encoder_decoder
        self._context = context
        tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        # A model on meta is called as it is; one with data lends us its structure only.
        self._state = (
            None
            if all(t.is_meta for t in tensors.values())
            else {key: torch.empty_like(t, device="meta") for key, t in tensors.items()}
        )

    def runs(self, name: str, new_tokens: int) -> tuple[Run, ...]:
        """The prefill, then the decoding steps in parts of growing cache."""
        batch = self._inputs.batch_size
        prefill, output = self._recorded(self._prompt())
        cache = getattr(output, "past_key_values", None)
        if not callable(getattr(cache, "get_seq_length", None)):
            raise CaptureError(f"{name} returns no cache of keys and values: {_REMEDY}")
        assert cache is not None
        start = int(cache.get_seq_length())
        tokens = batch * self._length(prefill)
        tree = ModelTree(name, prefill, batch, tokens // batch)
        first = Run(model=name, tree=tree, phase="prefill", tokens=tokens, items=batch)
        steps = new_tokens - 1
        if steps < 1:
            return (first,)
        short, _ = self._recorded(self._step(output, cache))
        long = short
        if steps > 1:
            _extend(cache, start + steps - 1 - int(cache.get_seq_length()))
            long, _ = self._recorded(self._step(output, cache))
        parts = min(MAX_PARTS, max(1, steps // MIN_PART_TOKENS))
        runs = [first]
        for part in range(parts):
            begin, end = steps * part // parts, steps * (part + 1) // parts
            fraction = (begin + end - 1) / 2 / max(1, steps - 1)
            node = interpolated(short, long, fraction)
            runs.append(
                Run(
                    model=name,
                    tree=ModelTree(name, node, batch, 1),
                    calls=end - begin,
                    phase="decode",
                    tokens=batch * (end - begin),
                    cache_length=start + round((begin + end - 1) / 2),
                )
            )
        return tuple(runs)

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
        kwargs: dict[str, Any] = {"past_key_values": cache, "use_cache": True}
        if not self._is_encoder_decoder:
            return {**kwargs, "input_ids": self._ids()}
        from transformers.modeling_outputs import BaseModelOutput

        states = prompt.encoder_last_hidden_state
        kwargs["encoder_outputs"] = BaseModelOutput(last_hidden_state=states)
        return {**kwargs, "decoder_input_ids": self._ids()}

    def _recorded(self, kwargs: Mapping[str, Any]) -> tuple[Node, Any]:
        with self._context(), Recording(self._model, self._inputs.batch_size) as recording:
            if self._state is None:
                output = self._model(**kwargs)
            else:
                output = functional_call(self._model, self._state, (), dict(kwargs))
        node = recording.finish()
        if node is None:
            raise CaptureError(f"{type(self._model).__name__} was not called")
        return node, output


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


# --- between two steps ------------------------------------------------------------------------


def interpolated(short: Node, long: Node, fraction: float) -> Node:
    """The tree of a step between two of the same structure: 0 is `short`, 1 is `long`.

    Where the structures differ (a window that is full), the nearer one stands for it.
    """
    if short is long or fraction <= 0:
        return short
    if not _is_alike(short, long):
        return short if fraction < 0.5 else long
    return _between(short, long, fraction)


def _is_alike(a: Node, b: Node) -> bool:
    return (
        a.path == b.path
        and len(a.children) == len(b.children)
        and _dimensions(a.features) == _dimensions(b.features)
        and all(map(_is_alike, a.children, b.children))
    )


def _dimensions(features: Features) -> list[int]:
    return [len(shape) for shape in (*features.input_shapes, *features.output_shapes)]


def _between(a: Node, b: Node, fraction: float) -> Node:
    def number(name: str) -> float:
        low, high = getattr(a.features, name), getattr(b.features, name)
        return float(low + fraction * (high - low))

    def shapes(name: str) -> tuple[Shape, ...]:
        pairs = zip(getattr(a.features, name), getattr(b.features, name), strict=True)
        return tuple(
            tuple(round(x + fraction * (y - x)) for x, y in zip(low, high, strict=True))
            for low, high in pairs
        )

    features = replace(
        a.features,
        flops=number("flops"),
        bytes=number("bytes"),
        canonical_megaflops=number("canonical_megaflops"),
        canonical_mebibytes=number("canonical_mebibytes"),
        input_shapes=shapes("input_shapes"),
        output_shapes=shapes("output_shapes"),
    )
    children = tuple(_between(x, y, fraction) for x, y in zip(a.children, b.children, strict=True))
    return replace(a, features=features, children=children)

"""generate(): what it would do if it ran.

A decoding step's shapes, and with them its features, grow linearly with the cache. So two steps
are traced, the first and the last, and those between them interpolated.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.copies.copies import Copies, uncompiled
from irene_jupyter.capture.copies.isolation import isolated
from irene_jupyter.capture.copies.values import MetaValues
from irene_jupyter.capture.dry.decoding import generation_runs
from irene_jupyter.capture.dry.interpolation import interpolated
from irene_jupyter.capture.dry.structure import MAX_ZEROS_BYTES, missing_bytes, tree_in, undisturbed
from irene_jupyter.capture.inputs.inputs import Inputs, check_positions, dummy_inputs
from irene_jupyter.capture.record.calls import Call, Recorded
from irene_jupyter.capture.record.doubts import INVENTED
from irene_jupyter.capture.record.recording import Recording
from irene_jupyter.capture.repeat.replay import replayed
from irene_jupyter.capture.watch.steps import cache_length
from irene_jupyter.errors import CaptureError, IreneError
from irene_jupyter.tree import ModelTree, Node, Run

logger = logging.getLogger(__name__)

# Of keys and values; of states, which do not grow.
_CACHES = ("past_key_values", "cache_params", "state")
_REMEDY = "measure it: with irene_jupyter.EnergyMonitor() around model.generate(…)"


def generation_of(
    model: nn.Module,
    batch_size: int,
    seq_len: int,
    new_tokens: int,
    name: str | None = None,
    *,
    replay_seconds: float = 0.0,
    images: int | None = None,
) -> tuple[Run, ...]:
    """The prefill and the decoding steps of a generation with a cache; the model is not run.

    Where it has its weights, its leaves are repeated on their own for `replay_seconds`.

    The prefill reads `seq_len` tokens and gives the first of `new_tokens`, each further one takes
    a decoding step. An encoder-decoder reads them with its encoder. `images` as in `dummy_inputs`.
    Raises `CaptureError` where the model keeps no cache or cannot be traced without data,
    `OptionError` where it has too few positions.
    """
    model = uncompiled(model)
    name = name or type(model).__name__
    cache_name = _cache_name(model)
    config = getattr(model, "config", None)
    if config is None or cache_name is None:
        raise _no_cache(name)
    is_encoder_decoder = bool(getattr(config, "is_encoder_decoder", False))
    failures: list[Exception] = []
    for inputs in dummy_inputs(model, batch_size, seq_len, images):
        length = new_tokens if is_encoder_decoder else inputs.seq_len + new_tokens
        check_positions(model, config, length)
        for way in ("meta", "known", "real"):
            if way == "real" and missing_bytes(model) > MAX_ZEROS_BYTES:
                continue

            def taken(inputs: Inputs = inputs, way: str = way) -> tuple[Run, ...]:
                session = _Session(model, inputs, cache_name, is_encoder_decoder, way)
                with isolated():
                    return session.runs(name, new_tokens, replay_seconds)

            try:
                return undisturbed(taken)
            except IreneError:
                raise
            except Exception as error:  # whatever the model's own code raises without data
                logger.debug("%s: no generation on meta", name, exc_info=error)
                failures.append(error)
    failure = failures[-1]
    raise CaptureError(
        f"{name}: generation could not be traced without data ({type(failure).__name__}: "
        f"{failure}): predict one forward pass (new_tokens=0), or {_REMEDY}"
    ) from failure


def _no_cache(name: str) -> CaptureError:
    return CaptureError(
        f"{name} keeps no cache that new_tokens could use: predict one forward pass "
        f"(new_tokens=0), or {_REMEDY}"
    )


def _cache_name(model: nn.Module) -> str | None:
    """The argument by which a model takes its cache: by name, or among `**kwargs`."""
    parameters = inspect.signature(model.forward).parameters
    named = next((each for each in _CACHES if each in parameters), None)
    if named is not None:
        return named
    can_generate = getattr(model, "can_generate", None)
    if not _takes_all(parameters) or can_generate is None or not can_generate():
        return None
    return _CACHES[0]


def _takes_all(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(each.kind is each.VAR_KEYWORD for each in parameters.values())


@dataclass(frozen=True, slots=True)
class _Traced:
    """A call of the model on meta, and how its leaves were called."""

    node: Node
    calls: Mapping[str, Call]


class _Session:
    """A model on meta tensors that is taken through the prefill and two decoding steps."""

    def __init__(
        self, model: nn.Module, inputs: Inputs, cache_name: str, is_encoder_decoder: bool, way: str
    ) -> None:
        self._model = model  # lends its structure only: a copy of it is called
        # On meta throughout, with values that are known, costs more than for the weights alone, and
        # is seldom needed but for images. Real zeros are for code that goes where data send it.
        self._mode = MetaValues(guesses=True) if way == "known" else None
        self._is_real = way == "real"
        copies = Copies("real" if self._is_real else "meta")
        self._copied = copies.of(model)
        self._context = copies.mode if self._is_real else self._mode or nullcontext()
        self._inputs = inputs
        self._accepted = inspect.signature(model.forward).parameters
        self._cache_name = cache_name
        self._is_encoder_decoder = is_encoder_decoder
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
        if cache is None:
            raise _no_cache(name)
        start = cache_length(cache) or None  # none of a state
        if steps > 0:
            found.append(self._recorded(self._step(output, cache))[0])
        if start is not None and steps > 1:
            _extend(cache, start + steps - 1 - (cache_length(cache) or 0))
            found.append(self._recorded(self._step(output, cache))[0])
        nodes, notes = self._replayed(found, steps, replay_seconds)
        prefill, short, long = nodes[0], nodes[min(1, len(nodes) - 1)], nodes[-1]
        tokens = batch * self._length(prefill)
        tree = ModelTree(name, prefill, batch, tokens // batch)

        def step_after(offset: float) -> Node:
            return interpolated(short, long, offset / max(1, steps - 1))

        return generation_runs(
            tree, tokens, start, steps, step_after, (*self._inputs.notes, *notes)
        )

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
        return torch.ones(self._inputs.batch_size, 1, dtype=torch.long)

    def _prompt(self) -> dict[str, Any]:
        kwargs = {**self._inputs.kwargs, **self._options()}
        if self._is_encoder_decoder:
            kwargs["decoder_input_ids"] = self._ids()
        return kwargs

    def _options(self) -> dict[str, Any]:
        """What generate() asks for, where the model takes it by name.

        Among `**kwargs` it would reach an encoder too; configurations say it by themselves.
        """
        wanted = {"use_cache": True, "logits_to_keep": 1}
        return {name: value for name, value in wanted.items() if name in self._accepted}

    def _step(self, prompt: Any, cache: Any) -> dict[str, Any]:
        kwargs: dict[str, Any] = {self._cache_name: cache, **self._options()}
        if not self._is_encoder_decoder:
            return {**kwargs, "input_ids": self._ids()}
        kwargs["encoder_outputs"] = _encoder_outputs(prompt.encoder_last_hidden_state)
        return {**kwargs, "decoder_input_ids": self._ids()}

    def _bare(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments where the copy is; on meta of known values, where that can be."""
        place = next((p.device for p in self._copied.parameters()), torch.device("cpu"))

        def bare(value: Any) -> Any:
            if not isinstance(value, torch.Tensor) or (value.is_meta and not self._is_real):
                return value
            if self._is_real:
                return torch.zeros_like(value, device=place) if value.is_meta else value.to(place)
            made = torch.empty_like(value, device="meta")
            if self._mode is not None:
                self._mode.keep(made, value)
            return made

        return {name: bare(value) for name, value in kwargs.items()}

    def _recorded(self, kwargs: Mapping[str, Any]) -> tuple[_Traced, Any]:
        recording = Recording(
            self._copied,
            self._inputs.batch_size,
            keep_calls=self._device is not None,
            device=self._device,
            is_timed=False,
        )
        with self._context, recording:
            output = self._copied(**self._bare(kwargs))
        node = tree_in(recording, self._model)
        if self._is_real:
            node = node.flagged(INVENTED)
        return _Traced(node, recording.calls), output


def _encoder_outputs(states: torch.Tensor) -> Any:
    """What an encoder gave, of which a decoding step wants the states; all else is None."""
    from transformers.modeling_outputs import BaseModelOutput

    class States(BaseModelOutput):
        def __getattr__(self, name: str) -> None:
            return None

    return States(last_hidden_state=states)


def _extend(cache: Any, tokens: int) -> None:
    """Makes a cache `tokens` longer, as if as many steps had been made."""
    if tokens < 1:
        return
    own = getattr(cache, "self_attention_cache", cache)
    length = cache_length(own)
    for index, layer in enumerate(own.layers):
        keys, values = getattr(layer, "keys", None), getattr(layer, "values", None)
        if not (isinstance(keys, torch.Tensor) and isinstance(values, torch.Tensor)):
            continue
        more = (t.new_zeros((*t.shape[:-2], tokens, t.shape[-1])) for t in (keys, values))
        own.update(*more, index)
        for name, kept in vars(layer).items():  # such as the keys of an index of the keys
            if name in ("keys", "values") or not isinstance(kept, torch.Tensor):
                continue
            if length is not None and length in kept.shape[1:]:
                place = kept.shape.index(length, 1)
                shape = (*kept.shape[:place], length + tokens, *kept.shape[place + 1 :])
                setattr(layer, name, kept.new_zeros(shape))

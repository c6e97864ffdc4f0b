"""Builds what a suite names and makes it run: models of random weights, on this machine.

Nothing is downloaded: a model is made from its configuration.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.workload.architectures import source_of
from irene_jupyter.calibration.workload.part import Part, covered
from irene_jupyter.predictors.profiles.loading import fingerprint
from irene_jupyter.tree import ModelTree, Node

logger = logging.getLogger(__name__)

SEED = 0  # of weights and inputs


@dataclass(frozen=True, slots=True)
class Workload:
    """A part that is ready to run: `run()` does it once, `synchronise()` waits for the GPU."""

    part: Part
    run: Callable[[], Any]
    synchronise: Callable[[], Any]


class Bench:
    """Trees and runnable parts, by name. Models are built once and stay; `close` lets them go.

    `device` is torch's name of one; None is the GPU if there is one, else the CPU.
    """

    def __init__(self, device: str | None = None) -> None:
        import torch

        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._models: dict[tuple[str, str], Any] = {}
        self._trees: dict[Part, ModelTree] = {}
        self._calls: dict[Part, Any] = {}

    @property
    def memory_gibibytes(self) -> float | None:
        """Of the device: the GPU's own, or this machine's; None where it is not known."""
        import torch

        if self.device.startswith("cuda"):
            return float(torch.cuda.get_device_properties(self.device).total_memory / 2**30)
        return float(fingerprint()["memory_gibibytes"]) or None

    def tree(self, part: Part) -> ModelTree:
        """The tree of the part's whole model at its size, made without running it."""
        key = replace(part, path="")
        if key not in self._trees:
            from irene_jupyter.capture.dry.generation import generation_of
            from irene_jupyter.capture.dry.structure import structure_of
            from irene_jupyter.capture.models.building import build_model

            model, name = build_model(source_of(part.architecture)), part.architecture
            model = model.to(_dtype(part))
            if part.cached:
                _, step = generation_of(model, part.batch_size, part.cached, 2, name)
                self._trees[key] = step.tree
            else:
                self._trees[key] = structure_of(model, part.batch_size, part.seq_len, name)
        return self._trees[key]

    def nodes(self, part: Part) -> tuple[Node, ...]:
        """The nodes of `tree` that run when the part does."""
        return covered(self.tree(part), part.path)

    def prepare(self, part: Part) -> Workload:
        """The part with its inputs, as they come to it within its model."""
        import torch

        model = self._model(part)
        inputs = self._inputs(model, part)
        node = self.nodes(part)[0]
        run: Callable[[], Any]
        if part.cached:
            run = _step(model, inputs, part)
        elif not part.path:
            run = lambda: model(**inputs)  # noqa: E731
        elif node.features.operation is not None:
            from irene_jupyter.capture.repeat.repeating import repeatable

            run = repeatable(self._call(model, part, inputs))
        else:
            module = model.get_submodule(part.path)
            args, kwargs = _arguments(model, module, inputs)
            run = lambda: module(*args, **kwargs)  # noqa: E731
        wait = torch.cuda.synchronize if self.device.startswith("cuda") else _nothing

        def without_gradients() -> None:
            with torch.no_grad():
                run()

        return Workload(part, without_gradients, wait)

    def load(self) -> Callable[[], Any]:
        """A piece of heavy work of some milliseconds, by which the meter's clock is found."""
        import torch

        side = 512 if self.device == "cpu" else 4096
        matrix = torch.ones(side, side, device=self.device)
        wait: Any = torch.cuda.synchronize if self.device.startswith("cuda") else _nothing

        def piece() -> None:
            torch.mm(matrix, matrix)
            wait()

        return piece

    def close(self) -> None:
        """Lets go of the models and their memory."""
        self._models.clear()
        self._calls.clear()

    # --- models and their inputs ----------------------------------------------------------------

    def _model(self, part: Part) -> Any:
        import torch
        from torch import nn

        key = (part.architecture, part.dtype)
        if key not in self._models:
            source = source_of(part.architecture)
            with torch.random.fork_rng():
                torch.manual_seed(SEED)
                if isinstance(source, nn.Module):
                    model: Any = source
                else:
                    from transformers import AutoModel

                    model = AutoModel.from_config(source)  # type: ignore[no-untyped-call]
            try:
                self._models[key] = model.to(self.device, _dtype(part)).eval()
            except torch.OutOfMemoryError as error:
                raise CalibrationError(
                    f"{part.architecture} does not fit {self.device}: take the suite quick, or "
                    "free the GPU's memory"
                ) from error
        return self._models[key]

    def _inputs(self, model: Any, part: Part) -> dict[str, Any]:
        import torch

        ids = getattr(model.config, "vocab_size", 2)
        generator = torch.Generator().manual_seed(SEED)
        tokens = torch.randint(ids, (part.batch_size, part.seq_len), generator=generator)
        return {"input_ids": tokens.to(self.device)}

    def _call(self, model: Any, part: Part, inputs: dict[str, Any]) -> Any:
        """How the functional leaf is called, from one recorded forward pass."""
        import torch

        from irene_jupyter.capture.record.recording import Recording

        key = replace(part, path="")
        if key not in self._calls:
            recording = Recording(model, part.batch_size, keep_calls=True)
            with torch.no_grad(), recording:
                model(**inputs)
            self._calls[key] = recording.calls
        call = self._calls[key].get(part.path)
        if call is None or call.function is None:
            raise CalibrationError(f"{part.key} cannot be run alone; leave it out of the suite")
        return call


def board_uuid(device: str) -> str | None:
    """As the driver names torch's `device`; None for what is no NVIDIA board, or is not told."""
    import torch

    if not device.startswith("cuda") or not torch.cuda.is_available():
        return None
    uuid = getattr(torch.cuda.get_device_properties(device), "uuid", None)
    return None if uuid is None else f"GPU-{uuid}"


def has_bfloat16() -> bool:
    """Whether the device that a `Bench` takes computes in bfloat16 by instructions of its own.

    Of processors as far as Linux tells their flags: avx512_bf16, amx_bf16, bf16 on Arm.
    """
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    try:
        known = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return re.search(r"^(flags|Features)\b.*bf16\b", known, re.MULTILINE) is not None


def _dtype(part: Part) -> Any:
    import torch

    return getattr(torch, part.dtype)


def _step(model: Any, inputs: dict[str, Any], part: Part) -> Callable[[], Any]:
    """One step of generation, over and over: what it adds to the cache is taken back."""
    import torch

    if part.path or part.seq_len != 1:
        raise CalibrationError(f"{part.key}: a step with a cache is of a whole model, 1 token long")
    prompt = inputs["input_ids"].repeat(1, part.cached)
    with torch.no_grad():
        cache = model(input_ids=prompt, use_cache=True).past_key_values

    def run() -> None:
        model(**inputs, past_key_values=cache, use_cache=True)
        cache.crop(-1)

    return run


class _Reached(Exception):  # noqa: N818
    """Ends a forward pass once the wanted module has been called."""


def _arguments(model: Any, module: Any, inputs: dict[str, Any]) -> tuple[Any, Any]:
    """What the model calls the module with."""
    import torch

    found: list[tuple[Any, Any]] = []

    def keep(_: Any, args: Any, kwargs: Any) -> None:
        found.append((args, dict(kwargs)))
        raise _Reached

    with _hook(module, keep), torch.no_grad():
        try:
            model(**inputs)
        except _Reached:
            return found[0]
    raise CalibrationError(
        f"a forward pass of {type(model).__name__} does not call the module; correct the suite"
    )


@contextmanager
def _hook(module: Any, function: Callable[..., None]) -> Iterator[None]:
    handle = module.register_forward_pre_hook(function, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def _nothing() -> None:
    pass

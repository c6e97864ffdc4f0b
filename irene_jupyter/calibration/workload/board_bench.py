"""Builds a board's cases and makes their nodes run, each on the inputs that come to it.

Nothing is downloaded: a model is made from its configuration, with random weights.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.workload.bench import SEED, board_uuid
from irene_jupyter.calibration.workload.board_case import BoardCase
from irene_jupyter.calibration.workload.part import FUSED
from irene_jupyter.predictors.forms.dtypes import TF32
from irene_jupyter.tree import Node


@dataclass(frozen=True, slots=True)
class DistinctNode:
    """A node to be measured, and those that do the same work.

    The leaves of a fused attention are one kernel: `nodes` are all of them, else one.
    """

    nodes: tuple[Node, ...]
    same_as: tuple[tuple[str, ...], ...]  # of each of `nodes`

    @property
    def path(self) -> str:
        return self.nodes[0].path


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that is built. `work` makes what runs a node once."""

    case: BoardCase
    nodes: tuple[DistinctNode, ...]
    work: Callable[[DistinctNode], Callable[[], Any]]


class BoardBench:
    """One case at a time, on `device` (torch's name). `close` lets its memory go."""

    def __init__(self, device: str = "cuda") -> None:
        import torch

        if device.startswith("cuda") and not torch.cuda.is_available():
            raise CalibrationError(
                "the suite board needs an NVIDIA board that torch can use, and here is none "
                f"(torch {torch.__version__}, built for CUDA {torch.version.cuda})"
            )
        self.device = device
        self._model: Any = None
        self._rounds_products: bool | None = None  # as torch had it, while a case has it otherwise

    @property
    def uuid(self) -> str | None:
        """As the driver names the board; None where torch does not tell."""
        return board_uuid(self.device)

    @property
    def board(self) -> Mapping[str, Any]:
        """What the measured runs' file says of it."""
        import torch

        its = torch.cuda.get_device_properties(self.device)
        return {
            "board": its.name,
            "cache_bytes": getattr(its, "L2_cache_size", None),
            "memory_gibibytes": its.total_memory / 2**30,
        }

    def touch(self) -> None:
        """One kernel: from now on the board is as it is when it is used."""
        import torch

        torch.ones(1, device=self.device).add_(1)
        self.synchronise()

    def synchronise(self) -> None:
        """Waits until the board has done all."""
        import torch

        torch.cuda.synchronize(self.device)

    def open(self, case: BoardCase) -> OpenCase:
        """Builds the case and records one run of it. The case before is let go.

        Raises `CalibrationError` where it does not fit the board's memory.
        """
        import torch

        self.close()
        try:
            with torch.no_grad():
                return self._opened(case)
        except torch.OutOfMemoryError as error:
            self.close()
            raise CalibrationError(
                f"{case.key} does not fit the memory of {self.device}"
            ) from error

    def close(self) -> None:
        """Lets go of the model and its memory."""
        import torch

        if self._rounds_products is not None:
            torch.backends.cuda.matmul.allow_tf32 = self._rounds_products
            self._rounds_products = None
        self._model = None
        gc.collect()
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()

    def _opened(self, case: BoardCase) -> OpenCase:
        import torch

        from irene_jupyter.capture.record.recording import Recording

        self._rounds_products = torch.backends.cuda.matmul.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = case.dtype == TF32
        self._model = model = _built(case, self.device)
        run, restore, cache = _call(model, case, self.device)
        run()  # loads kernels, which is no part of any run
        restore()
        arguments: dict[str, tuple[Any, dict[str, Any]]] = {}
        with contextlib.ExitStack() as hooks:
            for name, module in model.named_modules():

                def keep(_: Any, args: Any, kwargs: Any, name: str = name) -> None:
                    arguments.setdefault(name, (args, dict(kwargs)))

                hooks.callback(module.register_forward_pre_hook(keep, with_kwargs=True).remove)
            run()
        restore()
        device = torch.device(self.device)
        with Recording(model, case.batch_size, keep_calls=True, device=device) as recording:
            run()
        restore()
        modules = dict(model.named_modules())

        def work(node: DistinctNode) -> Callable[[], Any]:
            call = recording.calls.get(node.path)
            if node.path in arguments:
                args, kwargs = arguments[node.path]
                module = modules[node.path]
                if cache is not None and any(each is cache for each in kwargs.values()):
                    return lambda: (module(*args, **kwargs), restore())
                return lambda: module(*args, **kwargs)
            if call is None or call.function is None:
                raise CalibrationError(f"{case.key} {node.path} cannot be run alone")
            from irene_jupyter.capture.repeat.repeating import repeatable

            return repeatable(call)

        root = recording.finish()
        assert root is not None  # it was called just now
        return OpenCase(case, distinct_nodes(root), work)


def half_of(device: str) -> str | None:
    """The half precision that the board's tensor cores are made for; None for none.

    Without a board here it is that of today's.
    """
    import torch

    if not torch.cuda.is_available():
        return "bfloat16"
    major, _ = torch.cuda.get_device_capability(device)
    return "bfloat16" if major >= 8 else "float16" if major == 7 else None


def distinct_nodes(root: Node) -> tuple[DistinctNode, ...]:
    """The nodes that differ in their work from all before them, the root first."""
    found: dict[Any, list[tuple[Node, ...]]] = {}
    for group in _groups(root):
        found.setdefault(tuple(map(_identity, group)), []).append(group)
    return tuple(
        DistinctNode(
            groups[0],
            tuple(
                tuple(each[place].path for each in groups[1:]) for place in range(len(groups[0]))
            ),
        )
        for groups in found.values()
    )


def _groups(node: Node) -> Iterable[tuple[Node, ...]]:
    yield (node,)
    fused = tuple([each for each in node.children if each.features.operation == FUSED])
    if fused:
        yield fused
    for child in node.children:
        if child not in fused:
            yield from _groups(child)


def _identity(node: Node) -> Any:
    its = node.features
    return (
        node.class_name,
        node.primitive,
        its.num_parameters,
        its.flops / its.calls,
        its.bytes / its.calls,
        its.input_shapes,
        its.output_shapes,
        tuple(map(_identity, node.children)),
    )


def _built(case: BoardCase, device: str) -> Any:
    import torch
    from torch import nn

    source = case.make
    dtype = getattr(torch, "float32" if case.dtype == TF32 else case.dtype)
    with torch.random.fork_rng(), torch.device(device):
        torch.manual_seed(SEED)
        made = source()
        if isinstance(made, nn.Module):
            return made.to(dtype).eval().requires_grad_(False)
        from transformers import AutoModel, AutoModelForCausalLM

        is_decoder = getattr(made, "num_key_value_heads", None) is not None
        kind: Any = AutoModelForCausalLM if is_decoder else AutoModel
        return kind.from_config(made, dtype=dtype).eval().requires_grad_(False)


def _call(
    model: Any, case: BoardCase, device: str
) -> tuple[Callable[[], Any], Callable[[], None], Any]:
    """(one run, what makes its cache as it was, the cache)."""
    import torch

    if not hasattr(model, "config"):
        return model, lambda: None, None
    generator = torch.Generator().manual_seed(SEED)
    size = (case.batch_size, case.tokens)
    ids = torch.randint(model.config.vocab_size, size, generator=generator).to(device)
    if case.mode == "forward":
        options = {"use_cache": False} if hasattr(model.config, "use_cache") else {}
        return lambda: model(input_ids=ids, **options), lambda: None, None
    cache = model(input_ids=ids, use_cache=True).past_key_values
    step = ids[:, :1]

    def restore() -> None:
        for layer in cache.layers:  # in a loop: only those that grew
            if layer.keys.shape[-2] > case.tokens:
                layer.keys = layer.keys[..., : case.tokens, :]
                layer.values = layer.values[..., : case.tokens, :]

    return (
        lambda: model(input_ids=step, past_key_values=cache, use_cache=True),
        restore,
        cache,
    )

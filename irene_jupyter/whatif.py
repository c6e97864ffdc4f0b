"""What if it were larger, another device, another dtype: predicts a model again and again."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from irene_jupyter.assembly import make_report
from irene_jupyter.errors import OptionError
from irene_jupyter.merging import total
from irene_jupyter.options import DEFAULT_BATCH_SIZE, DEFAULT_SEQ_LEN, Options
from irene_jupyter.predictors.methods import DEFAULT, predict_with
from irene_jupyter.predictors.predict.launching import Launch, Launching
from irene_jupyter.predictors.profiles.automatic import AUTO
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.loading import chosen_device, devices
from irene_jupyter.report.curve import CurvePoint
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.room import shortage_of
from irene_jupyter.tree import Node

if TYPE_CHECKING:
    from torch import nn

    from irene_jupyter.capture.dry.foreseen import Foreseen
    from irene_jupyter.capture.dry.sized_runs import SizedRuns
    from irene_jupyter.capture.models.building import Origin
    from irene_jupyter.predictors.profiles.automatic import Chosen
    from irene_jupyter.predictors.profiles.reading import Profile

Per = Literal["query", "token", "run"]
PER: tuple[Per, ...] = get_args(Per)
DTYPES = ("float32", "float16", "bfloat16")
MAX_BATCH_SIZE = 64  # of the slider; a larger one can be set from Python
MAX_TOKENS = 2048  # as well
_CURVE_POINTS = 13
_NO_ORIGIN = (
    "this report does not know the model that it is of (it is of several models, or of one that "
    "is not from transformers, or was loaded from a file of an older version): explore the model "
    "or its configuration instead, irene.explore(model)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is predicted. `new_tokens` > 0: a generation whose prompt has `seq_len` tokens.

    `device` is a profile's name or path; `dtype` None is the model's own; `launch` as in
    `irene.predict`. With an `optimiser`, one of torch.optim by name, it is a training step.
    """

    batch_size: int = DEFAULT_BATCH_SIZE
    seq_len: int = DEFAULT_SEQ_LEN
    new_tokens: int = 0
    device: str = AUTO
    dtype: str | None = None
    launch: Launch = "eager"
    optimiser: str | None = None

    @property
    def queries(self) -> int:
        """That one run answers."""
        return self.batch_size

    @property
    def tokens(self) -> int:
        """That one run makes, of a generation, or reads."""
        return self.batch_size * (self.new_tokens or self.seq_len)


@dataclass(frozen=True, slots=True)
class Answer:
    """A prediction, how long it took, and whether its size had to be traced for it."""

    report: EnergyReport
    seconds: float
    was_traced: bool


class WhatIf:
    """A model, a configuration or a report, predicted at any setting without being run.

    The first prediction of a dtype, and of a generation, traces eight sizes (some seconds for
    large models); those between them then take milliseconds, if the model's work grows as a
    polynomial. If it does not (`is_learned` is False), each size is traced when it is asked for.
    Raises `CaptureError` and `OptionError` as `irene.predict` does.
    """

    def __init__(self, source: Any, method: str = "additive") -> None:
        from irene_jupyter.capture.models.building import Origin, build_model

        if isinstance(source, EnergyReport):
            if source.origin is not None:
                source = source.origin
            elif source.configuration is not None:
                source = Origin.from_configuration(source.configuration)
            else:
                raise OptionError(_NO_ORIGIN)
        Options(method=method)  # checks it
        self._source = source
        self._method = method
        self._plain = build_model(source)
        self._profiles: dict[str, Chosen] = {}
        self._sized: dict[tuple[str | None, bool], tuple[SizedRuns, Origin | None]] = {}
        self._steps: dict[tuple[int, int, int, str | None, str], Foreseen] = {}

    @property
    def dtype(self) -> str | None:
        """Of the model's parameters; None where it has none that are floating-point."""
        return next(
            (str(p.dtype).removeprefix("torch.") for p in self._plain.parameters()
             if p.is_floating_point()),
            None,
        )  # fmt: skip

    @property
    def config(self) -> Any:
        """A transformers model's configuration; None where it has none."""
        origin = self._origin()
        return None if origin is None else origin.config

    @property
    def has_fused(self) -> bool:
        """Whether the model can have its attention by one fused kernel."""
        return bool(getattr(self._plain, "_supports_sdpa", False))

    @property
    def is_as_built(self) -> bool:
        """Whether its configuration tells how it trains: nothing is frozen or checkpointed."""
        is_whole = all(parameter.requires_grad for parameter in self._plain.parameters())
        modules = self._plain.modules()
        return is_whole and not any(getattr(each, "gradient_checkpointing", 0) for each in modules)

    def configured(self, alter: Callable[[Any], None]) -> WhatIf:
        """The same model with another configuration, of which `alter` gets a copy.

        Raises `OptionError` where the model has none, `CaptureError` where it does not build so.
        """
        origin = self._origin()
        if origin is None:
            raise OptionError(f"{type(self._plain).__name__} has no configuration to change")
        config = copy.deepcopy(origin.config)
        alter(config)
        return WhatIf(replace(origin, config=config, configuration=None), self._method)

    def _origin(self) -> Origin | None:
        from irene_jupyter.capture.models.building import Origin

        return self._source if isinstance(self._source, Origin) else Origin.of(self._plain)

    @property
    def device_here(self) -> str:
        """The profile that "auto" is here by its name; "auto" where no list has an estimate."""
        name = self._profile(AUTO).profile.name
        return name if name in [each.name for each in devices()] else AUTO

    @property
    def max_tokens(self) -> int:
        """The longest sequence of the sliders: the model's positions, `MAX_TOKENS` at most."""
        from irene_jupyter.capture.dry.sized_runs import positions_of

        return min(positions_of(self._plain) or MAX_TOKENS, MAX_TOKENS)

    @property
    def can_generate(self) -> bool:
        """Whether it may keep a cache; whether it does shows when it is tried."""
        config = getattr(self._plain, "config", None)
        if config is None or not hasattr(config, "use_cache"):
            return False
        # BERT and its kin keep a cache only where they are told to be decoders.
        return bool(config.is_encoder_decoder or getattr(config, "is_decoder", True))

    def is_learned(self, setting: Setting) -> bool:
        """Whether sizes take milliseconds with the setting's dtype and kind of run."""
        return self._sized_for(setting)[0].is_learned

    def is_quick(self, setting: Setting) -> bool:
        """Whether this very size takes milliseconds: it lies between those traced, or is one."""
        sized, _ = self._sized_for(setting)
        return sized.is_quick(setting.batch_size, setting.seq_len, setting.new_tokens)

    def _sized_for(self, setting: Setting) -> tuple[SizedRuns, Origin | None]:
        """The runs by size of the setting's dtype and kind, and what they can be built from."""
        from irene_jupyter.capture.dry.sized_runs import SizedRuns
        from irene_jupyter.capture.models.building import Origin

        dtype = None if setting.dtype == self.dtype else setting.dtype
        key = (dtype, setting.new_tokens > 0)
        if key not in self._sized:
            model = self._model(*key)
            sized = SizedRuns(model, MAX_BATCH_SIZE, self.max_tokens, generates=key[1])
            self._sized[key] = (sized, Origin.of(model))
        return self._sized[key]

    def predict(self, setting: Setting) -> Answer:
        """The report of a setting. Raises `IreneError`, which names what is wrong with it."""
        from irene_jupyter.capture.models.building import built_of

        began = time.perf_counter()
        Options(batch_size=setting.batch_size, seq_len=setting.seq_len)  # checks them
        chosen = self._profile(setting.device)
        model, origin, foreseen, was_traced = self._foreseen(setting)
        report = make_report(
            foreseen.runs,
            chosen.profile,
            "predict",
            [*chosen.notes, *built_of(self._source, model), *foreseen.notes],
            method=self._method,
            origin=origin,
            launching=Launching(setting.launch),
            shortage=shortage_of(model, foreseen.runs, chosen.profile, foreseen.memory),
        )
        return Answer(report, time.perf_counter() - began, was_traced)

    def _foreseen(self, setting: Setting) -> tuple[nn.Module, Origin | None, Foreseen, bool]:
        """The model of the setting, its origin, its runs, and whether they had to be traced."""
        from irene_jupyter.capture.dry.foreseen import Foreseen
        from irene_jupyter.capture.models.building import Origin

        size = (setting.batch_size, setting.seq_len, setting.new_tokens)
        if setting.optimiser is None:
            sized, origin = self._sized_for(setting)
            if not sized.is_quick(*size):
                sized.learn()
            traced = not sized.is_quick(*size)
            return sized.model, origin, Foreseen(sized.runs(*size)), traced
        # Of training steps no size is learned from others.
        key = (*size, setting.dtype, setting.optimiser)
        model = self._in(setting.dtype)
        is_new = key not in self._steps
        if is_new:
            self._steps[key] = Foreseen.of(model, *size, optimiser=setting.optimiser)
        return model, Origin.of(model), self._steps[key], is_new

    def _in(self, dtype: str | None) -> nn.Module:
        """The model with parameters of a dtype; None is its own."""
        return self._model(None if dtype == self.dtype else dtype, generates=False)

    def optimiser_like(self, step: Node, steps: int, dtype: str | None = None) -> str | None:
        """Of torch's, the one that most nearly did the work of `steps` in the tree `step`.

        None where not all that this model trains was updated, or more.
        """
        from irene_jupyter.capture.training.optimisers import optimiser_like

        shapes = (shape for node in step.walk() for shape in node.features.output_shapes)
        updated = sum(math.prod(shape) for shape in shapes)
        return optimiser_like(self._in(dtype), updated, step.features.bytes / steps)

    def has_effect(self, name: Literal["dtype", "launch"], setting: Setting) -> bool:
        """Whether the setting's profile tells dtypes apart, or ways to launch."""
        profile = self._profile(setting.device).profile
        if isinstance(profile, BoardProfile):
            return True
        return name == "dtype" and setting.dtype in (None, *profile.dtypes)

    def curve(self, setting: Setting, against: str, per: Per = "run") -> tuple[CurvePoint, ...]:
        """Energy against one of batch_size, seq_len and new_tokens, the others as they are.

        It is that `per` query, token or whole run. Where each size must be traced, only those that
        were are in it.
        """
        sized, _ = self._sized_for(setting)
        most = {
            "batch_size": MAX_BATCH_SIZE,
            "seq_len": self.max_tokens - setting.new_tokens,
            "new_tokens": self.max_tokens - setting.seq_len,
        }[against]
        if sized.is_learned:
            least = {"batch_size": 1, "seq_len": 4, "new_tokens": 1}[against]
            sizes = _spread(least, most)
        else:
            sizes = [
                getattr(each, against)
                for each in (_resized(setting, size) for size in sized.visited)
                if _with(each, against, getattr(setting, against)) == setting
            ]
        profile = self._profile(setting.device).profile
        points = []
        for size in sorted(set(sizes)):
            at = _with(setting, against, size)
            if sized.is_quick(at.batch_size, at.seq_len, at.new_tokens):
                points.append(self._point(size, sized, at, profile).shared(amount(at, per)))
        return tuple(points)

    def _point(self, size: int, sized: SizedRuns, at: Setting, profile: Profile) -> CurvePoint:
        """The total alone, which is all that a curve needs of a report."""
        runs = sized.outline(at.batch_size, at.seq_len, at.new_tokens)
        launching = Launching(at.launch)
        roots = [predict_with(run.tree, profile, self._method, launching).root for run in runs]
        energy = total(
            [
                root.energy.scaled(run.calls)
                for run, root in zip(runs, roots, strict=True)
                if root.energy is not None
            ]
        )
        assert energy is not None
        return CurvePoint.of(size, energy, [flag for root in roots for flag in root.flags])

    def _profile(self, device: str) -> Chosen:
        if device not in self._profiles:
            boards = None if self._method == DEFAULT else ()
            self._profiles[device] = chosen_device(device, boards)
        return self._profiles[device]

    def _model(self, dtype: str | None, generates: bool) -> nn.Module:
        import torch

        from irene_jupyter.capture.copies.copies import bare_copy
        from irene_jupyter.capture.models.building import build_model

        model = build_model(self._source, generates=True) if generates else self._plain
        if dtype is None:
            return model
        wanted = getattr(torch, dtype, None)
        if not isinstance(wanted, torch.dtype) or not wanted.is_floating_point:
            raise OptionError(f"unknown dtype {dtype!r}: take one of {', '.join(DTYPES)}")
        return bare_copy(model, wanted)


def amount(setting: Setting, per: Per) -> int:
    """Among how many queries or tokens the energy of one run is shared."""
    return {"run": 1, "query": setting.queries, "token": setting.tokens}[per]


def _resized(setting: Setting, size: tuple[int, int, int]) -> Setting:
    return replace(setting, batch_size=size[0], seq_len=size[1], new_tokens=size[2])


def _with(setting: Setting, name: str, size: int) -> Setting:
    values: dict[str, Any] = {name: size}
    return replace(setting, **values)


def _spread(least: int, most: int) -> Sequence[int]:
    if most <= least:
        return [least]
    step = (most - least) / (_CURVE_POINTS - 1)
    return [round(least + step * number) for number in range(_CURVE_POINTS)]

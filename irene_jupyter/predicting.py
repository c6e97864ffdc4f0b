"""predict(): the energy of a model that is not run."""

from __future__ import annotations

from typing import Any, Literal

from irene_jupyter.apart import runs_apart
from irene_jupyter.assembly import make_report
from irene_jupyter.errors import OptionError
from irene_jupyter.limits import NOT_NEGATIVE
from irene_jupyter.options import (
    DEFAULT_BATCH_SIZE,
    DEFAULT_OPTIMISER,
    DEFAULT_SEQ_LEN,
    Options,
    check_training,
)
from irene_jupyter.predictors.methods import DEFAULT
from irene_jupyter.predictors.predict.launching import Launch, Launching
from irene_jupyter.predictors.profiles.automatic import AUTO
from irene_jupyter.predictors.profiles.loading import chosen_device
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.room import shortage_of


@runs_apart
def predict(
    model: Any,
    batch_size: int = DEFAULT_BATCH_SIZE,
    seq_len: int = DEFAULT_SEQ_LEN,
    new_tokens: int = 0,
    device: str = AUTO,
    method: str = "additive",
    budget_seconds: float = 0.5,
    images: int | None = None,
    launch: Launch = "eager",
    host_seconds_per_op: float | Literal["measure"] | None = None,
    training: bool = False,
    optimiser: str = DEFAULT_OPTIMISER,
) -> EnergyReport:
    """The energy of one forward pass of `model`, which is not run and may not fit this machine.

    With `new_tokens`, of a generate() with cache in its place: the prefill of `seq_len` tokens
    and a decoding step for each further token; `report.phase("decode")` is their energy alone.
    Of a module that has its weights the operations are then repeated here, each on its own, for
    `budget_seconds` (0 repeats nothing), so that seconds stand beside the predicted joules.

    A model that reads images (or sounds) within its text gets `images` for each row of the batch,
    of the size in its configuration, beside `seq_len` tokens of text: one, if not said. A note
    says so, and which class was built of a configuration that names none.

    With `training`, of a whole training step: `report.phase("forward")`, "backward" and
    "optimiser", one of torch.optim by name; what is frozen or checkpointed counts as such, and a
    note tells the memory that a step needs.

    On a board's profile, such as h100, `launch` says how operations get there: "eager", one by one
    from a host that needs `host_seconds_per_op` for each (the profile's, if not said; "measure"
    takes a second to time this host's), or "graph", as recorded CUDA graphs, without any host.

    `model` is a `torch.nn.Module`, a transformers configuration or its class, or the path of a
    folder with config.json. Raises `InputShapeError` where no layer tells the input's shape,
    `CaptureError` where the model cannot be built or traced or keeps no cache, `DeviceError` and
    `OptionError`. `method` as in `Options`.

    >>> import irene_jupyter as irene
    >>> from transformers import BertConfig
    >>> config = BertConfig(
    ...     hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
    ...     vocab_size=100,
    ... )
    >>> report = irene.predict(config, batch_size=1, seq_len=16, device="gtx1080ti")
    >>> report.total_joules > 0  # joules, of the reference device
    True
    >>> report["encoder.layer.1"].energy.source
    'predicted'
    """
    from irene_jupyter.capture.dry.foreseen import Foreseen
    from irene_jupyter.capture.models.building import Origin, build_model, built_of

    options = Options(device, batch_size, seq_len, method, budget_seconds=budget_seconds)
    # The paper's methods need a device's regressors, which no board has.
    chosen = chosen_device(options.device, None if method == DEFAULT else ())
    launching = Launching(launch, _host_seconds(host_seconds_per_op))
    NOT_NEGATIVE.check("new_tokens", new_tokens)
    if images is not None:
        NOT_NEGATIVE.check("images", images)
    if training:
        check_training(new_tokens, method)
    built = build_model(model, generates=new_tokens > 0)
    foreseen = Foreseen.of(
        built,
        batch_size,
        seq_len,
        new_tokens,
        optimiser=optimiser if training else None,
        replay_seconds=budget_seconds,
        images=images,
    )
    return make_report(
        foreseen.runs,
        chosen.profile,
        "predict",
        [*chosen.notes, *built_of(model, built), *foreseen.notes],
        method=method,
        origin=Origin.of(built),
        launching=launching,
        shortage=shortage_of(built, foreseen.runs, chosen.profile, foreseen.memory),
    )


def _host_seconds(given: float | Literal["measure"] | None) -> float | None:
    if given is None or isinstance(given, int | float):
        return given
    if given != "measure":
        raise OptionError(f"host_seconds_per_op must be seconds or 'measure', not {given!r}")
    from irene_jupyter.host_pace import host_seconds_per_operation

    return host_seconds_per_operation()

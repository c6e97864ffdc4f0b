"""How long this host needs to launch an operation: a small model, timed for a second."""

from __future__ import annotations

import functools
import statistics
import time

from irene_jupyter.errors import OptionError

SECONDS = 1.0
LEAST_RUNS = 10  # of which the median counts, however slow the machine is
TOKENS = 4
# So small that a board waits for every launch; a decoder of today, as its operations are counted.
SIZES = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4, "num_attention_heads": 2,
    "num_key_value_heads": 2, "vocab_size": 64,
}  # fmt: skip
_CACHE_BYTES = 1e9  # all of it is smaller


@functools.cache
def host_seconds_per_operation() -> float:
    """Of an eager operation as `forms.host_operations` counts them, on this machine; timed once.

    On the current CUDA device; without a GPU on the processor, where the driver's part of a launch
    is missing. Torch's random state stays as it is. Raises `OptionError` without transformers.
    """
    import torch

    from irene_jupyter.capture.dry.structure import structure_of
    from irene_jupyter.predictors.forms.board_work import work_units

    try:
        from transformers import LlamaConfig, LlamaModel
    except ImportError as error:
        raise OptionError(
            "host_seconds_per_op: a model of transformers is timed for it; install transformers, "
            "or give a number of seconds"
        ) from error
    has_board = torch.cuda.is_available()
    device = torch.device("cuda" if has_board else "cpu")
    with torch.random.fork_rng(devices=[]):
        model = LlamaModel(LlamaConfig.from_dict(SIZES)).train(False).to(device)
    units = work_units(structure_of(model, 1, TOKENS).root, _CACHE_BYTES)
    tokens = torch.zeros(1, TOKENS, dtype=torch.long, device=device)
    times: list[float] = []
    deadline = time.perf_counter() + SECONDS
    with torch.inference_mode():
        model(tokens)  # the first call loads kernels
        while len(times) < LEAST_RUNS or time.perf_counter() < deadline:
            began = time.perf_counter()
            model(tokens)
            if has_board:
                torch.cuda.synchronize()
            times.append(time.perf_counter() - began)
    return statistics.median(times) / units[-1].work.host_operations

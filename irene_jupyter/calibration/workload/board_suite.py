"""What a board's calibration runs: models and operations that tell its constants from one another.

An encoder, a decoder of today with and without a cache, and single operations: bound by products,
by memory, by the cache, by the host. In the dtypes that the board is made for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.workload.board_bench import BoardBench, half_of
from irene_jupyter.calibration.workload.board_case import BoardCase
from irene_jupyter.calibration.workload.suite import Suite, in_words, suite_of
from irene_jupyter.columns import aligned

NAME = "board"
START_SECONDS = 15.0  # torch, transformers, the fit
BUILD_SECONDS = 5.0  # of a case: its model, and one run that is recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardTiming:
    """A node is warmed, then watched for `run_seconds`: for longer while its power still drifts.

    `drift_share` of the power is no drift; `steady_share` none of the board at rest.
    """

    warm_seconds: float = 0.5  # clocks and the power limit's control settle
    run_seconds: float = 0.9
    most_seconds: float = 4.0
    drift_share: float = 0.01
    rest_seconds: float = 10.0
    rest_most_seconds: float = 600.0
    steady_share: float = 0.01
    silence_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class BoardSuite:
    """Cases to run; `name` is what it is called on the command line."""

    cases: tuple[BoardCase, ...]
    timing: BoardTiming = field(default_factory=BoardTiming)
    name: str = NAME
    make_bench: Callable[[], BoardBench] = BoardBench
    rounds: int = 1  # if nobody says otherwise

    @property
    def keys(self) -> list[str]:
        """The names of its cases."""
        return [case.key for case in self.cases]

    def seconds(self, rounds: int) -> float:
        """How long it takes in all."""
        timing = self.timing
        node = timing.warm_seconds + timing.run_seconds
        nodes = sum(case.nodes for case in self.cases)
        rest = START_SECONDS + 2 * timing.rest_seconds
        return rest + BUILD_SECONDS * len(self.cases) + rounds * nodes * node

    def text(self, rounds: int) -> str:
        """What is run and how long it takes, as a table for a terminal."""
        head = ("model", "dtype", "", "batch × tokens", "nodes")
        rows = [
            (
                case.name,
                case.dtype,
                "decoding step" if case.mode == "decode" else "",
                f"{case.batch_size} × {case.tokens}",
                str(case.nodes),
            )
            for case in self.cases
        ]
        nodes = sum(case.nodes for case in self.cases)
        timing = self.timing
        each = "once" if rounds == 1 else f"{rounds} times"
        return "\n".join(
            [
                aligned([head, *rows], "<<<>>"),
                "",
                f"suite {self.name}: {nodes} nodes, {each}, each for "
                f"{timing.warm_seconds + timing.run_seconds:.1f} s or until its power is steady, "
                "after the board is at rest with its context open",
                f"about {in_words(self.seconds(rounds))}",
            ]
        )


def _configured(name: str, options: Mapping[str, Any]) -> Callable[[], Any]:
    def make() -> Any:
        import transformers

        return getattr(transformers, name)(**options)

    return make


_BERT = _configured("BertConfig", {})


def _operations() -> Any:
    from irene_jupyter.calibration.workload.board_operations import Operations

    return Operations()


# As Llama 3.2 of 1.2 billion parameters: 2.5 GB in half precision.
_LLAMA = _configured(
    "LlamaConfig",
    {
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "tie_word_embeddings": True,
    },
)


def any_suite(suite: str | Suite | BoardSuite, device: str | None) -> Suite | BoardSuite:
    """A suite by name, that of a board for what torch calls `device`.

    Raises `CalibrationError` that lists the names, and for a device that is no board.
    """
    if suite == NAME:
        device = device or "cuda"
        if not device.startswith("cuda"):
            raise CalibrationError(
                f"the suite board runs on NVIDIA boards alone: device must be cuda, cuda:0 …, not "
                f"{device!r}"
            )
        return board_suite(half_of(device))
    return suite if isinstance(suite, BoardSuite) else suite_of(suite)


def board_suite(half: str | None) -> BoardSuite:
    """For a board whose tensor cores are made for `half` (bfloat16, float16); None: float32."""
    main = half or "float32"
    cases = [
        BoardCase("bert-base", _BERT, main, "forward", 32, 128, 21),
        BoardCase("bert-base", _BERT, main, "forward", 4, 32, 21),
        BoardCase("llama-1b", _LLAMA, main, "forward", 4, 512, 15),
        BoardCase("llama-1b", _LLAMA, main, "decode", 8, 512, 15),
        BoardCase("operations-1", _operations, main, "forward", 1, 4096, 14),
    ]
    if half is not None:
        cases.append(BoardCase("operations-1", _operations, "float32", "forward", 1, 4096, 14))
    if half == "bfloat16":  # boards of that age multiply float32 on their tensor cores, too
        cases.append(BoardCase("operations-1", _operations, "tf32", "forward", 1, 4096, 14))
    return BoardSuite(tuple(cases))

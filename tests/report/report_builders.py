"""Realistic reports to look at and to test with: a BERT, additive to the last joule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from irene_jupyter.report.report import DeviceLabel, EnergyReport
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.tree import Energy, Features, Node

REFERENCE = DeviceLabel("gtx1080ti", "GTX 1080 Ti PC", "reference")


def energy(joules: float) -> Energy:
    return Energy(joules, joules * 0.91, joules * 1.1, "predicted")


def leaf(
    path: str, class_name: str, joules: float, *, flops: float = 0.0, flags: tuple[str, ...] = ()
) -> Node:
    primitive = class_name.lower()
    features = Features(
        flops=flops,
        bytes=flops / 8,
        canonical_megaflops=flops / 1e6,
        canonical_mebibytes=flops / 2**23,
        input_shapes=((8, 128, 768),),
        output_shapes=((8, 128, 768),),
        dtype="float32",
        device="cpu",
        latency_seconds=joules / 250,
    )
    return Node(path, "ml", class_name, features, (), energy(joules), primitive, flags)


def inner(
    path: str, class_name: str, children: Iterable[Node], own: float = 0.0, kind: str = "module"
) -> Node:
    children = tuple(children)
    total = sum(child.energy.joules for child in children if child.energy) + own
    features = Features(
        flops=sum(child.features.flops for child in children),
        bytes=sum(child.features.bytes for child in children),
        input_shapes=((8, 128, 768),),
        output_shapes=((8, 128, 768),),
    )
    return Node(path, kind, class_name, features, children, energy(total))  # type: ignore[arg-type]


def bert_layer(path: str, scale: float = 1.0) -> Node:
    attention = f"{path}.attention"
    return inner(
        path,
        "BertLayer",
        [
            inner(
                attention,
                "BertAttention",
                [
                    inner(
                        f"{attention}.self",
                        "BertSelfAttention",
                        [
                            leaf(f"{attention}.self.query", "Linear", 0.08 * scale, flops=1.2e9),
                            leaf(f"{attention}.self.key", "Linear", 0.08 * scale, flops=1.2e9),
                            leaf(f"{attention}.self.value", "Linear", 0.08 * scale, flops=1.2e9),
                            leaf(f"{attention}.self.matmul_0", "matmul", 0.03 * scale, flops=2e8),
                            leaf(f"{attention}.self.softmax_0", "softmax", 0.02 * scale),
                            leaf(f"{attention}.self.matmul_1", "matmul", 0.03 * scale, flops=2e8),
                        ],
                        own=0.07 * scale,
                    ),
                    inner(
                        f"{attention}.output",
                        "BertSelfOutput",
                        [
                            leaf(f"{attention}.output.dense", "Linear", 0.08 * scale, flops=1.2e9),
                            leaf(f"{attention}.output.LayerNorm", "LayerNorm", 0.02 * scale),
                        ],
                    ),
                ],
            ),
            inner(
                f"{path}.intermediate",
                "BertIntermediate",
                [
                    leaf(f"{path}.intermediate.dense", "Linear", 0.3 * scale, flops=4.8e9),
                    leaf(f"{path}.intermediate.act", "GELU", 0.04 * scale),
                ],
            ),
            inner(
                f"{path}.output",
                "BertOutput",
                [
                    leaf(f"{path}.output.dense", "Linear", 0.31 * scale, flops=4.8e9),
                    leaf(f"{path}.output.LayerNorm", "LayerNorm", 0.02 * scale),
                ],
                own=0.005 * scale,
            ),
        ],
    )


def bert(layers: int = 12, prefix: str = "", flags: tuple[str, ...] = ()) -> Node:
    """A BERT of `layers` layers, each 1 % costlier at most than the first."""
    dot = f"{prefix}." if prefix else ""
    root = inner(
        prefix,
        "BertModel",
        [
            inner(
                f"{dot}embeddings",
                "BertEmbeddings",
                [
                    leaf(f"{dot}embeddings.word_embeddings", "Embedding", 0.01),
                    leaf(f"{dot}embeddings.position_embeddings", "Embedding", 0.004),
                    leaf(f"{dot}embeddings.token_type_embeddings", "Embedding", 0.004),
                    leaf(f"{dot}embeddings.LayerNorm", "LayerNorm", 0.02),
                ],
                own=0.02,
            ),
            inner(
                f"{dot}encoder",
                "BertEncoder",
                [
                    bert_layer(f"{dot}encoder.layer.{index}", 1 + 0.001 * (index % 10))
                    for index in range(layers)
                ],
                own=0.01,
            ),
            inner(
                f"{dot}pooler",
                "BertPooler",
                [
                    leaf(f"{dot}pooler.dense", "Linear", 0.008),
                    leaf(f"{dot}pooler.activation", "Tanh", 0.0001, flags=flags),
                ],
            ),
        ],
        kind="model",
    )
    return replace(root, features=replace(root.features, num_parameters=109_482_240))


def bert_report(layers: int = 12) -> EnergyReport:
    root = bert(layers, flags=("estimated: no regressor for Tanh at this size",))
    return EnergyReport(
        root=root,
        device=REFERENCE,
        mode="measure",
        runs=(
            RunSummary(
                model="BertModel",
                joules=root.energy.joules if root.energy else 0.0,
                calls=1,
                seconds=0.41,
                batch_size=8,
                seq_len=128,
                input_shapes=((8, 128),),
                signature="input_ids 8×128 int64",
            ),
        ),
        resources={
            "duration_seconds": 0.52,
            "samples": 4,
            "interval_seconds": 0.17,
            "longest_gap_seconds": 0.18,
            "cpu_percent": 87.25,
            "memory_percent_mean": 31.2,
            "memory_percent_max": 33.9,
            "gpus": [],
            "overhead_seconds": 0.0021,
            "notes": [],
        },
        notes=("Inference only: a backward pass is not counted.",),
        created="2026-11-21T08:00:00Z",
        versions={"irene_jupyter": "0.1.0", "torch": "2.13.0"},
    )


def cell_report() -> EnergyReport:
    """Two models that ran, in several calls, one that did not, and flags."""
    first, second = bert(2, "bert"), bert(3, "bert_1")
    thrice = replace(first, features=replace(first.features, calls=3))
    children = (thrice, second)
    total = sum(child.energy.joules for child in children if child.energy)
    root = Node("", "model", "Cell", Features(), children, energy(total))
    idle = replace(bert(1, "bert_2"), flags=("not_run",))
    report = bert_report()
    return replace(
        report,
        root=root,
        not_run=(idle,),
        runs=(
            RunSummary(model="bert", joules=1.0, phase="prefill", calls=3, seconds=0.00123),
            RunSummary(model="bert_1", joules=2.0, status="incomplete", batch_size=32, seq_len=7),
        ),
    )


EMPTY_REPORT = EnergyReport(root=None, device=REFERENCE, created="2026-11-21T08:00:00Z")

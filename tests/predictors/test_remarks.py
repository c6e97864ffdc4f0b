"""What is said of a prediction as a whole: options without effect, and what a board waits for."""

from __future__ import annotations

from transformers import LlamaConfig

import irene_jupyter as irene

SMALL = {
    "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4,
    "vocab_size": 1000,
}  # fmt: skip


def predicted(dtype: str = "bfloat16", **options: object) -> irene.EnergyReport:
    config = LlamaConfig(**SMALL, dtype=dtype)
    return irene.predict(config, batch_size=8, seq_len=128, **options)  # type: ignore[arg-type]


def width(report: irene.EnergyReport) -> float:
    assert report.root is not None
    assert report.root.energy is not None
    return report.root.energy.high / report.root.energy.low


def test_a_dtype_without_effect_is_told_and_known_no_better() -> None:
    full, half = predicted("float32", device="gtx1080ti"), predicted(device="gtx1080ti")
    assert full.total_joules == half.total_joules
    assert width(half) >= width(full)
    (note,) = [note for note in half.notes if note.startswith("bfloat16 has no effect here")]
    assert "float32" in note
    assert not any("has no effect" in note for note in full.notes)


def test_a_dtype_counts_on_a_board() -> None:
    full, half = (predicted(dtype, device="h100", launch="graph") for dtype in DTYPES)
    assert half.total_joules < 0.8 * full.total_joules
    assert not any("has no effect" in note for note in half.notes)


DTYPES = ("float32", "bfloat16")


def test_launch_and_host_mean_nothing_without_times() -> None:
    report = predicted(device="gtx1080ti", launch="graph")
    assert any("launch and host_seconds_per_op change nothing" in note for note in report.notes)
    assert report.total_joules == predicted(device="gtx1080ti").total_joules


def test_a_launch_bound_run_says_so_and_what_helps() -> None:
    (note,) = [note for note in predicted(device="h100").notes if "launch-bound" in note]
    assert note.startswith("it would take about ")
    assert "CUDA graphs" in note
    assert "23 µs, as on the virtual machine of the measured runs" in note
    own = predicted(device="h100", host_seconds_per_op=1e-5)
    (note,) = [note for note in own.notes if "launch-bound" in note]
    assert "10 µs." in note
    assert not any("launch-bound" in n for n in predicted(device="h100", launch="graph").notes)


def test_a_boards_prediction_says_whose_it_is() -> None:
    report = predicted(device="h100")
    said = report.to_dict()["said"]
    assert said["provenance"] == (
        "Predicted for H100 SXM, board alone (reference board), nothing run"
    )
    assert report.to_dict()["device"]["scope"] == "board"
    assert irene.EnergyReport.from_dict(report.to_dict()).device == report.device

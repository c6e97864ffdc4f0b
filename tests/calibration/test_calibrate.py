"""End to end on the emulator: known energies come back, and whole models are predicted."""

from __future__ import annotations

import json
import threading

import pytest
from known_machine import LAYER, Machine, known_meter, law, tiny

import irene_jupyter as irene
from irene_jupyter.calibration.calibrate import plan
from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.fit.view import html, text
from irene_jupyter.calibration.running.events import Progress
from irene_jupyter.calibration.workload.architectures import ARCHITECTURES, source_of
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.errors import OptionError
from irene_jupyter.predictors.profiles.loading import fingerprint, load_device, user_devices_folder
from irene_jupyter.predictors.profiles.reading import read_profile

BERT, GPT = "tiny-bert", "tiny-gpt"
SUITE = (
    Part(BERT, 2, 32),
    Part(GPT, 4, 64),
    Part(BERT, 2, 64, LAYER[:-1]),
    Part(BERT, 2, 64, LAYER + "intermediate.dense"),
    Part(BERT, 8, 64, LAYER + "output.dense"),
    Part(BERT, 2, 64, LAYER + "attention.self.matmul_0"),
    Part(BERT, 8, 64, LAYER + "attention.self.matmul_0"),
    Part(BERT, 8, 64, LAYER + "output.LayerNorm"),
    Part(BERT, 2, 64, "embeddings"),
    Part(GPT, 2, 32, "h.0.attn"),
)


@pytest.mark.parametrize("transport", ["pty", "tcp"])
def test_known_energies_come_back(machine: Machine, transport: str) -> None:
    """Over a real pty and a real socket: each run within 1 % of what the machine really took."""
    profile = machine.calibrate(meter=known_meter(machine.power, transport), rounds=2)
    assert len(machine.runs()) == 2 * len(profile.scorecard["nodes"])
    machine.check()
    assert not [t for t in threading.enumerate() if t.name in ("irene-meter", "irene-emulator")]


def test_models_never_calibrated_on_are_predicted(machine: Machine) -> None:
    profile = machine.calibrate(SUITE)
    assert profile.is_simulated
    assert "SIMULATED" in profile.label
    assert "wall" in profile.label
    assert profile.training["truth"] == "truth"
    assert read_profile(machine.output) == profile
    ARCHITECTURES["tiny-roberta"] = tiny(
        "RobertaConfig", hidden_size=128, num_hidden_layers=4, num_attention_heads=2,
        intermediate_size=512, vocab_size=1000,
    )  # fmt: skip
    ARCHITECTURES["tiny-gpt-4"] = tiny(
        "GPT2Config", n_embd=128, n_layer=4, n_head=2, vocab_size=1000, use_cache=False
    )
    for part in (Part("tiny-roberta", 4, 32), Part("tiny-gpt-4", 2, 32), Part(BERT, 4, 64)):
        report = irene.predict(
            source_of(part.architecture),
            batch_size=part.batch_size,
            seq_len=part.seq_len,
            device=str(machine.output),
        )
        assert report.total_joules == pytest.approx(machine.bench.true_joules(part), rel=0.10)
        assert {node.energy.source for node in report.root.walk()} == {"simulated"}
        energy = report.root.energy
        tree = machine.bench.tree(part)
        assert energy.low < law(tree, [tree.root]) < energy.high
    shares = [event.share for event in machine.of(Progress)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert "SIMULATED" in text(profile)
    page = html(profile)
    assert page.count("<circle") >= len(SUITE)
    assert "<script" not in page


def test_stored_profile_is_this_machines(machine: Machine) -> None:
    machine.output = user_devices_folder() / "known.json"
    assert load_device("auto").name == "gtx1080ti"
    machine.calibrate()
    assert load_device("auto").name == "known"
    real = load_device("known").to_dict() | {"name": "real"}
    real["training"] = real["training"] | {"simulated": False}
    (user_devices_folder() / "real.json").write_text(json.dumps(real))
    assert load_device("auto").name == "real", "a real meter comes before a simulated one"


def test_plan_runs_nothing() -> None:
    quick = plan("quick", name="here")
    assert quick.seconds <= 600
    assert "≤" not in quick.text()
    assert "about 10 min with a reading every 0.17 s, of which the fit takes 23 s" in quick.text()
    assert "47 min or more with a smart plug, 119 min with one every 5 s" in quick.text()
    assert "4 × 1 after 128" in quick.text()
    assert not quick.output.exists()
    assert not quick.checkpoint.exists()
    assert plan("quick", simulated=True).name.endswith("-simulated")
    for options in ({"rounds": 0}, {"name": "auto"}, {"name": "a/b"}, {"name": "gtx1080ti"}):
        with pytest.raises(OptionError):
            plan("quick", **options)
    with pytest.raises(CalibrationError, match="quick, standard, full"):
        plan("fast")


def test_the_profile_of_another_machine_is_not_overwritten() -> None:
    """As where a room shares a home folder, and its machines a name."""
    mine = load_device("gtx1080ti").to_dict() | {"name": "seat", "fingerprint": fingerprint()}
    path = user_devices_folder() / "seat.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(mine))
    assert plan(name="seat").output == path, "one's own is calibrated again"
    path.write_text(json.dumps(mine | {"fingerprint": {"cpu": "Abacus", "memory_gibibytes": 1}}))
    with pytest.raises(OptionError, match=r"another machine \(Abacus, 1 GiB\).*another name"):
        plan(name="seat")
    assert plan(name="seat", output=path).output == path, "who names the file wants it so"
    path.write_text("{")
    assert plan(name="seat").output == path


def test_a_simulated_profile_takes_no_real_ones_place() -> None:
    real = load_device("gtx1080ti").to_dict() | {"name": "seat", "fingerprint": fingerprint()}
    path = user_devices_folder() / "seat.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(real))
    with pytest.raises(OptionError, match="by a real meter: give the simulated one another name"):
        plan(name="seat", simulated=True)
    assert plan(name="seat").output == path
    training = real["training"] | {"simulated": True}
    path.write_text(json.dumps(real | {"training": training}))
    assert plan(name="seat", simulated=True).output == path

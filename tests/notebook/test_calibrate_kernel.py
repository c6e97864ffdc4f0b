"""`%irene_calibrate` in a real kernel, on the emulator over a real pty; then `%%energy`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HELPERS = Path(__file__).parents[1] / "calibration"
SETUP = f"""
import sys
sys.path.insert(0, {str(HELPERS)!r})
import torch
torch.set_num_threads(1)
%load_ext irene_jupyter
from known_machine import *
from irene_jupyter.calibration.workload.suite import SUITES
add_architectures()
power = Power()
bench = KnownBench(power)
plug = known_meter(power)
bert, gpt, layer = "tiny-bert", "tiny-gpt", "encoder.layer.0."
suite = known_suite(bench, [
    Part(bert, 2, 32),
    Part(gpt, 4, 64),
    Part(bert, 2, 64, layer[:-1]),
    Part(bert, 2, 64, layer + "intermediate.dense"),
    Part(bert, 8, 64, layer + "output.dense"),
    Part(bert, 2, 64, layer + "attention.self.matmul_0"),
    Part(bert, 8, 64, layer + "attention.self.matmul_0"),
    Part(bert, 8, 64, layer + "output.LayerNorm"),
    Part(bert, 2, 64, "embeddings"),
    Part(gpt, 2, 32, "h.0.attn"),
])
"""
# Never calibrated on: more layers, other sizes.
MODELS = """%%energy --budget 0 --output report
from transformers import BertConfig, BertModel, GPT2Config, GPT2Model
one = BertModel(BertConfig(hidden_size=128, num_hidden_layers=4, num_attention_heads=2,
                           intermediate_size=512, vocab_size=1000)).eval()
two = GPT2Model(GPT2Config(n_embd=128, n_layer=4, n_head=2, vocab_size=1000,
                           use_cache=False)).eval()
ids = torch.ones(4, 32, dtype=torch.long)
with torch.no_grad():
    one(input_ids=ids)
    two(input_ids=ids)
"""


@pytest.fixture(scope="module")
def kernel(kernel_factory: Callable[[], Any]) -> Any:
    kernel = kernel_factory()
    cell = kernel.run(SETUP, seconds=180)
    assert cell.ok, cell.traceback
    return kernel


def test_calibrate_then_energy(kernel: Any) -> None:
    cell = kernel.run("%irene_calibrate --dry-run --meter simulated --suite quick")
    assert cell.ok, cell.traceback
    assert "10 min" in cell.stream("stdout")

    cell = kernel.run("%irene_calibrate --meter plug --suite suite --rounds 1", seconds=240)
    assert cell.ok, cell.traceback
    last = cell.displays[-1]
    assert "SIMULATED" in last["text/plain"]
    assert "<svg" in last["text/html"]
    assert "<script" not in last["text/html"]
    assert any("application/vnd.jupyter.widget-view+json" in each for each in cell.displays)
    # At its end words stand in the progress's place: a widget would not outlive the kernel.
    settled = cell.of("update_display_data")[-1]["data"]
    assert set(settled) == {"text/html", "text/plain"}
    assert settled["text/plain"].startswith("100% · stored ")
    assert not cell.stream("stderr").count("Traceback")
    said = cell.stream("stdout").strip().splitlines()
    assert said[0].startswith("SIMULATED: this meter is no hardware")
    assert said[-1] == said[0]

    cell = kernel.run("%irene_devices")
    assert "SIMULATED" in cell.stream("stdout")
    cell = kernel.run(MODELS, seconds=120)
    assert cell.ok, cell.traceback
    code = """
from irene_jupyter.tree import ModelTree
def truth(node):
    tree = ModelTree("", node, 4, 32)
    return law(tree, [node])
found = [(node.energy.joules, truth(node), node.energy.source) for node in report.root.children]
"""
    cell = kernel.run(code)
    assert cell.ok, cell.traceback
    found = kernel.value("found")
    assert len(found) == 2
    for joules, true, source in found:
        assert joules == pytest.approx(true, rel=0.10)
        assert source == "simulated"


def test_an_interrupt_keeps_what_was_finished_and_resume_goes_on(kernel: Any) -> None:
    kernel.run("plug = known_meter(power); few = known_suite(bench, suite.parts[:3])")
    line = "%irene_calibrate --meter plug --suite few --rounds 1 --name stopped"
    kernel.run(
        "bench.on_run = lambda part, seen=set(): seen.add(part) or (len(seen) == 2 and "
        "print('second part', flush=True))"
    )
    cell = kernel.run(line, seconds=120, when_busy=None, interrupt_at="second part")
    assert cell.reply["status"] == "error", "cells that wait must not run"
    assert cell.reply["ename"] == "UsageError"
    said = cell.stream("stderr")
    assert "interrupted; what was finished is kept: the same line with --resume goes on" in said
    assert "Traceback" not in said + cell.traceback
    kernel.run("bench.on_run = None; plug = known_meter(power)")
    cell = kernel.run(line + " --resume", seconds=120)
    assert cell.ok, cell.traceback
    assert "stored" in cell.stream("stdout")


def test_without_a_meter_it_lists_those_of_this_machine(kernel: Any) -> None:
    cell = kernel.run("%irene_calibrate --suite quick")
    assert cell.reply["ename"] == "UsageError"
    said = cell.stream("stderr")
    assert "which meter? On this machine --meter may be" in said
    assert "simulated" in said
    assert "rapl" in said


def test_errors_are_one_line_with_the_remedy(kernel: Any) -> None:
    cell = kernel.run("%irene_calibrate --meter nothing")
    assert cell.reply["ename"] == "UsageError"
    assert "emonpi:URL" in cell.stream("stderr")
    line = "%irene_calibrate --meter emonpi:/dev/nothing --baud 115200 --format keyvalue --name x"
    cell = kernel.run(line)
    assert cell.reply["ename"] == "UsageError"
    assert "/dev/nothing" in cell.stream("stderr")

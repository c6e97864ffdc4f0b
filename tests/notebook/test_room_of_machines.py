"""`%%px` of ipyparallel: the extension works on several engines at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ipyparallel = pytest.importorskip("ipyparallel", reason="ipyparallel is not installed")

HELPERS = Path(__file__).parents[1] / "calibration"
# What a lecturer types: the cluster of a room is started by other means, and is the same to %%px.
START = """
import ipyparallel
cluster = ipyparallel.Cluster(n=2, engine_timeout=120, log_level=40)
engines = cluster.start_and_connect_sync()
%load_ext irene_jupyter
"""
LOAD = """%%px
%load_ext irene_jupyter
import irene_jupyter as irene
from transformers import BertConfig
"""
PREDICT = """%%px
config = BertConfig(num_hidden_layers=1, hidden_size=64, num_attention_heads=2,
                    intermediate_size=128, vocab_size=99, max_position_embeddings=64)
joules = irene.predict(config, batch_size=2, seq_len=16).total_joules
"""
READ = """
there = engines[:].pull(["joules"], block=True)
processes = len(set(engines[:].apply_sync(lambda: __import__("os").getpid())))
"""
STOP = "cluster.stop_cluster_sync()"

# Two machines that obey one law, the second at twice the energy; each has a meter of its own.
SCATTER = "engines[:].scatter('factor', [1.0, 2.0], flatten=True, block=True)"
MACHINE = f"""%%px
import sys
sys.path.insert(0, {str(HELPERS)!r})
import torch
torch.set_num_threads(1)
from known_machine import *
add_architectures()

class Dearer(KnownBench):
    def true_joules(self, part):
        return factor * super().true_joules(part)

power = Power()
bench, plug = Dearer(power), known_meter(power)
suite = known_suite(bench, FEW)
seat = f"seat-{{factor:.0f}}"
"""
CALIBRATE = """%%px
%irene_calibrate --meter plug --suite suite --rounds 1 --name {seat}
"""
# What was calibrated as a whole, so that the fit has it from the meter.
AFTER = """%%px
from irene_jupyter.calibration.workload.architectures import ARCHITECTURES
from irene_jupyter.calibration.running.journal import read_journal
from irene_jupyter.predictors.profiles.loading import user_devices_folder
predicted = irene.predict(ARCHITECTURES["tiny-bert"](), batch_size=2, seq_len=32, device=seat)
ratio = predicted.total_joules / bench.true_joules(FEW[0])
journal = user_devices_folder().parent / "calibrations" / f"{seat}.jsonl"
times = [(r.start, r.end) for r in read_journal(journal).records if isinstance(r, Run)]
"""
GATHER = """
seats = engines[:].pull(["seat", "ratio", "times"], block=True)
totals = engines[:].apply_sync(lambda: predicted.total_joules)
sources = engines[:].apply_sync(lambda: predicted.root.energy.source)
"""
ENERGY = """%%px --targets {target}
%%energy --budget 0 --device seat-{name} --output report
from transformers import AutoModel
with torch.inference_mode():
    AutoModel.from_config(ARCHITECTURES["tiny-bert"]()).eval()(torch.ones(2, 32, dtype=torch.long))
"""


@pytest.fixture(scope="module")
def room(kernel_factory: Callable[[], Any]) -> Iterator[Any]:
    """A kernel with two engines that know the extension."""
    kernel = kernel_factory()
    try:
        for code in (START, LOAD):
            cell = kernel.run(code)
            assert cell.ok, cell.traceback
        yield kernel
    finally:
        kernel.run(STOP)


def test_two_engines_predict(room: Any) -> None:
    for code in (PREDICT, READ):
        cell = room.run(code)
        assert cell.ok, cell.traceback
    first, second = (values[0] for values in room.value("there"))
    assert first == second > 0
    assert room.value("processes") == 2


def test_two_engines_calibrate_at_once_each_under_its_name(room: Any) -> None:
    for code in (SCATTER, MACHINE, CALIBRATE, AFTER, GATHER):
        cell = room.run(code, seconds=240)
        assert cell.ok, cell.traceback
        if code == CALIBRATE:
            shown = "".join(data["text/plain"] for data in cell.displays)
            assert "seat-1 (wall energy, SIMULATED)" in shown
            assert "seat-2 (wall energy, SIMULATED)" in shown
    seats = room.value("seats")
    assert [name for name, _, _ in seats] == ["seat-1", "seat-2"]
    assert all(ratio == pytest.approx(1.0, rel=0.1) for _, ratio, _ in seats)
    first, second = room.value("totals")
    assert second / first == pytest.approx(2.0, rel=0.1)
    assert room.value("sources") == ["simulated", "simulated"]

    # At the same time: each had begun before the other's last run ended (one machine, one clock).
    (begin, end), (other_begin, other_end) = (
        (min(start for start, _ in times), max(end for _, end in times)) for *_, times in seats
    )
    assert begin < other_end
    assert other_begin < end

    cell = room.run("%irene_devices")
    assert "seat-1" in cell.stream("stdout")
    assert "seat-2" in cell.stream("stdout")
    for target, name in enumerate("12"):
        cell = room.run(ENERGY.format(target=target, name=name))
        assert cell.ok, cell.traceback
        shown = "".join(data["text/plain"] for data in cell.displays)
        assert f"Simulated for seat-{name} (wall energy, SIMULATED)" in shown
    cell = room.run("totals = engines[:].apply_sync(lambda: report.total_joules)")
    assert cell.ok, cell.traceback
    first, second = room.value("totals")
    assert second / first == pytest.approx(2.0, rel=0.1)

"""What is done for the report alone is not the user's, and an interrupt loses nothing."""

from __future__ import annotations

import _thread
import threading
import time

import pytest
import torch
import transformers
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import irene_jupyter as irene
from irene_jupyter.apart import Apart

X = torch.ones(2, 8)


def test_a_counter_of_the_users_counts_his_work_alone() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 4))
    with FlopCounterMode(display=False) as plain:
        model(X)
    with FlopCounterMode(display=False) as watched:
        irene.measure(model, X)
    with FlopCounterMode(display=False) as predicted:
        irene.predict(model, batch_size=2)
    assert watched.get_total_flops() == plain.get_total_flops()
    assert predicted.get_total_flops() == 0


class _Functions(TorchFunctionMode):
    def __init__(self) -> None:
        self.names: list[str] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.names.append(getattr(func, "__name__", ""))
        return func(*args, **(kwargs or {}))


class _Operations(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("mode", [_Functions, _Operations])
def test_modes_of_the_users_see_his_work_alone(mode) -> None:
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    config = transformers.BertConfig(**sizes, num_attention_heads=4, vocab_size=100)
    model, ids = transformers.BertModel(config).eval(), torch.ones(2, 8, dtype=torch.long)
    with torch.no_grad():
        with mode() as plain:
            model(ids)
        with mode() as watched:
            irene.measure(model, ids)
    assert watched.names == plain.names


def test_a_profiler_of_the_users_sees_his_work_alone() -> None:
    model = nn.Linear(8, 8)

    def calls(watch) -> int:
        with profile(activities=[ProfilerActivity.CPU]) as found:
            watch()
        return sum(e.count for e in found.key_averages() if e.key == "aten::addmm")

    assert calls(lambda: irene.measure(model, X)) == calls(lambda: model(X)) == 1


def test_an_interrupt_while_the_report_is_made_keeps_what_there_is() -> None:
    net = nn.Sequential(*[nn.Linear(512 + i, 513 + i) for i in range(150)])
    monitor = irene.EnergyMonitor(irene.Options(budget_seconds=60))
    timer = threading.Timer(1.0, _thread.interrupt_main)

    def cell() -> None:
        with monitor:
            net(torch.randn(64, 512))
            timer.start()

    with pytest.raises(KeyboardInterrupt):
        cell()
    timer.join()
    report = monitor.report
    assert report.total_joules > 0
    assert len(report.root.children) == 150
    assert any(note.startswith("interrupted while the report was made") for note in report.notes)


def test_a_second_interrupt_breaks_the_work_off() -> None:
    is_off = threading.Event()

    def work() -> None:
        try:
            while True:
                time.sleep(0.01)
        except KeyboardInterrupt:
            is_off.set()
            raise

    timers = [threading.Timer(each, _thread.interrupt_main) for each in (0.2, 0.6)]
    for timer in timers:
        timer.start()
    with pytest.raises(KeyboardInterrupt):
        Apart().run(work)
    assert is_off.wait(10)
    for timer in timers:
        timer.join()


def test_errors_and_lines_come_to_the_waiting_thread() -> None:
    lines: list[str] = []
    threads: set[int] = set()

    def progress(line: str) -> None:
        lines.append(line)
        threads.add(threading.get_ident())

    apart = Apart(progress)

    def work() -> None:
        apart.tell("one")
        apart.tell("two")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        apart.run(work)
    assert lines == ["one", "two"]
    assert threads == {threading.get_ident()}

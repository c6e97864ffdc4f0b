"""Trainers of others, which call backward passes and optimisers in ways of their own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from irene_jupyter.capture.gather import Captured, gather
from irene_jupyter.capture.watch.recorder import Recorder

STEPS = 4


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 16), nn.Linear(16, 2)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = self.second(self.first(x).relu())
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def data(items: int) -> list[dict[str, torch.Tensor]]:
    return [{"x": torch.rand(8), "labels": torch.tensor(i % 2)} for i in range(items)]


def check(captured: Captured, forwards: int, steps: int) -> None:
    assert not [note for note in captured.notes if "not divided" in note]
    calls = {
        phase: sum(run.calls for run in captured.runs if run.phase == phase)
        for phase in ("forward", "backward", "optimiser")
    }
    assert calls == {"forward": forwards, "backward": forwards, "optimiser": steps}
    for run in captured.runs:
        if run.phase == "backward":
            paths = {node.path.rpartition(".")[2] for node in run.tree.root.walk()}
            assert {"first", "second"} <= paths


def test_the_trainer_of_transformers(tmp_path) -> None:
    pytest.importorskip("accelerate")
    transformers = pytest.importorskip("transformers")
    settings = transformers.TrainingArguments(
        output_dir=str(tmp_path), max_steps=STEPS, per_device_train_batch_size=2, use_cpu=True,
        gradient_accumulation_steps=2, report_to=[], save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    trainer = transformers.Trainer(Net(), settings, train_dataset=data(2 * 2 * STEPS))
    with Recorder() as recorder:
        trainer.train()
    check(gather(recorder, known=[trainer.model]), 2 * STEPS, STEPS)


def test_accelerate() -> None:
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)
    model = Net()
    optimiser = torch.optim.AdamW(model.parameters())
    loader = torch.utils.data.DataLoader(data(2 * STEPS), batch_size=2)
    model, optimiser, loader = accelerator.prepare(model, optimiser, loader)
    with Recorder() as recorder:
        for batch in loader:
            with accelerator.accumulate(model):
                accelerator.backward(model(**batch)["loss"])
                optimiser.step()
                optimiser.zero_grad()
    check(gather(recorder, known=[model]), STEPS, STEPS // 2)


def test_lightning(tmp_path) -> None:
    lightning = pytest.importorskip("lightning")

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = Net()

        def training_step(self, batch, index):
            return self.net(**batch)["loss"]

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)

    trainer = lightning.Trainer(
        max_steps=STEPS, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=str(tmp_path),
    )  # fmt: skip
    loader = torch.utils.data.DataLoader(data(2 * STEPS), batch_size=2)
    module = Module()
    with Recorder() as recorder:
        trainer.fit(module, loader)
    check(gather(recorder, known=[module]), STEPS, STEPS)

from __future__ import annotations

import math
import threading
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn
from transformers import BertConfig, GPT2Config

import irene_jupyter as irene
from irene_jupyter.errors import OptionError
from irene_jupyter.sweeps import COLUMNS, sweep

BERT = BertConfig(
    num_hidden_layers=1, hidden_size=64, num_attention_heads=2, intermediate_size=128,
    vocab_size=99, max_position_embeddings=64,
)  # fmt: skip
GPT2 = GPT2Config(n_layer=1, n_embd=64, n_head=2, vocab_size=99, n_positions=64)


def test_every_combination_is_a_row_in_order() -> None:
    table = sweep(
        {"small": BERT, "gpt": GPT2}, batch_sizes=[1, 4], seq_lens=[8, 16], progress=False
    )
    assert list(table.columns) == list(COLUMNS)
    assert list(zip(table.model, table.batch_size, table.seq_len, strict=True)) == [
        (name, batch, length) for name in ("small", "gpt") for batch in (1, 4) for length in (8, 16)
    ]
    assert table.error.isna().all()
    for row in table.itertuples():
        source = {"small": BERT, "gpt": GPT2}[row.model]
        report = irene.predict(source, batch_size=row.batch_size, seq_len=row.seq_len)
        assert report.root is not None
        assert row.joules == pytest.approx(report.total_joules)
        assert row.class_name == report.root.class_name
        assert row.low <= row.joules <= row.high
        assert row.joules_per_query == pytest.approx(report.total_joules / row.batch_size)
        assert row.num_parameters == report.root.features.num_parameters


def test_many_sizes_agree_with_predictions_of_each() -> None:
    sizes = {"batch_sizes": [1, 3, 5, 8], "seq_lens": [8, 17, 31, 64]}
    table = sweep(BERT, **sizes, progress=False).set_index(["batch_size", "seq_len"])
    assert len(table) == 16
    for batch, length in ((1, 8), (3, 17), (8, 64), (5, 31)):
        expected = irene.predict(BERT, batch_size=batch, seq_len=length).total_joules
        assert table.loc[(batch, length), "joules"] == pytest.approx(expected)


def test_generations_have_their_phases() -> None:
    table = sweep(GPT2, seq_lens=[16], new_tokens=[0, 4], progress=False)
    forward, generation = table.itertuples()
    assert math.isnan(forward.decode_joules)
    assert generation.class_name == "GPT2LMHeadModel"
    assert generation.prefill_joules + generation.decode_joules == pytest.approx(generation.joules)
    assert generation.joules_per_new_token == pytest.approx(generation.joules / (8 * 4))


def test_failures_are_rows_that_say_why(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("<img src=x onerror=alert(1)>\u202e" + 10_000 * "x")

    table = sweep(
        {"bert": BERT, "nowhere": tmp_path / "nowhere", "odd": Odd(), "number": 3},
        batch_sizes=[0, 2],
        seq_lens=[8, 65],
        devices=["gtx1080ti", "no such device"],
        progress=False,
    )
    assert len(table) == 4 * 2 * 2 * 2
    good = table[table.error.isna()]
    assert list(zip(good.model, good.batch_size, good.seq_len, good.device, strict=True)) == [
        ("bert", 2, 8, "gtx1080ti")
    ]
    bad = table[table.error.notna()]
    assert bad.joules.isna().all()
    assert bad.error.str.len().max() <= 500
    assert not bad.error.str.contains("\u202e").any()

    def why(**where: object) -> str:
        rows = bad
        for name, value in where.items():
            rows = rows[rows[name] == value]
        return str(rows.error.iloc[0])

    assert "from 1 on" in why(model="bert", batch_size=0)
    assert "64 positions" in why(model="bert", batch_size=2, seq_len=65)
    assert "known are auto" in why(model="bert", seq_len=8, batch_size=2)
    assert "config.json" in why(model="nowhere", batch_size=2)
    assert "cannot predict a int" in why(model="number", batch_size=2)


def test_a_model_s_weights_stay_and_are_not_touched() -> None:
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.train()
    state = torch.get_rng_state()
    table = sweep([model, model], batch_sizes=[2], progress=False)
    assert list(table.model) == ["Sequential", "Sequential_1"]
    assert table.error.isna().all()
    assert table.joules[0] == irene.predict(model, batch_size=2).total_joules
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_nothing_to_do_and_wrong_methods() -> None:
    with pytest.raises(OptionError, match="nothing to do"):
        sweep(BERT, batch_sizes=[])
    with pytest.raises(OptionError, match="known are additive"):
        sweep(BERT, method="magic")


def test_the_bar_goes_to_stderr_and_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    sweep(BERT, seq_lens=[8])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "1/1" in shown.err
    sweep(BERT, seq_lens=[8], progress=False)
    assert capsys.readouterr().err == ""


def test_threads_of_one_process_wait_for_each_other() -> None:
    joblib = pytest.importorskip("joblib")
    with joblib.parallel_config("threading", n_jobs=3):
        table = sweep([BERT, GPT2, BERT], batch_sizes=[1, 2], seq_lens=[8], progress=False)
    assert table.error.isna().all()
    alone = sweep([BERT, GPT2, BERT], batch_sizes=[1, 2], seq_lens=[8], progress=False)
    pd.testing.assert_frame_equal(table, alone)
    assert torch.backends.mha.get_fastpath_enabled()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("irene-")]


def test_on_a_local_dask_cluster() -> None:
    distributed = pytest.importorskip("dask.distributed", reason="dask is not installed")
    joblib = pytest.importorskip("joblib")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        with joblib.parallel_config("dask"):
            table = sweep(
                [BERT, GPT2, "/nowhere"], batch_sizes=[1, 2], seq_lens=[8], progress=False
            )
        ran = client.run(lambda: "irene_jupyter" in __import__("sys").modules)
    assert list(ran.values()) == [True]  # there, not here
    alone = sweep([BERT, GPT2, "/nowhere"], batch_sizes=[1, 2], seq_lens=[8], progress=False)
    pd.testing.assert_frame_equal(table, alone)
    assert list(table.error.isna()) == [True, True, True, True, False, False]


def test_rows_say_whether_their_interval_was_tested() -> None:
    table = sweep(
        BertConfig(num_hidden_layers=2), batch_sizes=[8, 512], devices=["gtx1080ti"], progress=False
    )
    assert list(table["interval"]) == ["90 % interval", "range"]
    assert list(table["is_extrapolated"]) == [False, True]

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, GPT2Config

import irene_jupyter as irene
from irene_jupyter.device_comparison import COLUMNS, compare_devices
from irene_jupyter.errors import DeviceError, InputShapeError, OptionError
from irene_jupyter.predictors.profiles.loading import SHIPPED_FOLDER

BERT = BertConfig(
    num_hidden_layers=1, hidden_size=64, num_attention_heads=2, intermediate_size=128,
    vocab_size=99, max_position_embeddings=64,
)  # fmt: skip
GPT2 = GPT2Config(n_layer=1, n_embd=64, n_head=2, vocab_size=99, n_positions=64)


def test_every_known_device_is_a_row_with_the_report_of_predict() -> None:
    table = compare_devices(BERT, batch_size=4, seq_len=16)
    assert [row.device for row in table] == [info.name for info in irene.devices()]
    for row in table:
        alone = irene.predict(BERT, batch_size=4, seq_len=16, device=row.device)
        assert row.energy is not None
        assert row.energy.joules == pytest.approx(alone.total_joules)
        assert table[row.device].notes == alone.notes
        assert row.fits
    frame = table.to_dataframe()
    assert list(frame.columns) == list(COLUMNS)
    assert frame.joules_per_query.tolist() == pytest.approx((frame.joules / 4).tolist())
    assert frame.joules_per_token.tolist() == pytest.approx((frame.joules / 64).tolist())
    assert "compare like with like" in str(table)


def test_a_generation_is_shared_among_its_new_tokens() -> None:
    table = compare_devices(GPT2, 2, 8, new_tokens=4, devices=["h100"])
    (row,) = table
    assert row.to_dict()["joules_per_token"] == pytest.approx(table["h100"].total_joules / 8)
    assert row.seconds is not None
    assert row.seconds > 0
    graph = compare_devices(GPT2, 2, 8, new_tokens=4, devices=["h100"], launch="graph")
    assert graph["h100"].total_joules < table["h100"].total_joules
    assert "a new token" in str(table)
    assert "CUDA graphs" in str(graph)


def test_what_does_not_fit_says_so() -> None:
    large = BertConfig(num_hidden_layers=2, hidden_size=32768, intermediate_size=131072,
                       num_attention_heads=64, vocab_size=99)  # fmt: skip
    table = compare_devices(large, 1, 8, devices=["gtx1080ti", "h100"])
    assert [row.fits for row in table] == [False, False]
    for view in (str(table), table._repr_mimebundle_()["text/html"]):
        assert "GiB of 11" in view


def test_a_device_that_is_not_there_is_a_row_of_its_own(tmp_path: Path) -> None:
    damaged = tmp_path / "bad.json"
    damaged.write_text("{}")
    table = compare_devices(BERT, 1, 8, devices=["nowhere", damaged, SHIPPED_FOLDER / "h100.json"])
    assert [row.error == "" for row in table] == [False, False, True]
    assert "unknown device" in str(table)
    with pytest.raises(DeviceError, match="unknown device"):
        table["nowhere"]
    with pytest.raises(KeyError, match="it has nowhere"):
        table["h200x"]
    html = compare_devices(BERT, 1, 8, devices=["<img src=x>"])._repr_mimebundle_()["text/html"]
    assert "<img" not in html


def test_nonsense_is_refused() -> None:
    with pytest.raises(OptionError, match="batch_size"):
        compare_devices(BERT, batch_size=0)
    with pytest.raises(OptionError, match="launch"):
        compare_devices(BERT, 1, 8, launch="late")  # type: ignore[arg-type]
    with pytest.raises(InputShapeError):
        compare_devices(torch.nn.Identity())

"""A model that is larger than the device is said to be; one that fits, or an unknown size, not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from transformers import GPT2Config, LlamaConfig

import irene_jupyter as irene
from irene_jupyter.capture.dry.generation import generation_of
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.capture.models.building import build_model
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.room import shortage_of
from irene_jupyter.tree import Run
from irene_jupyter.whatif import Setting, WhatIf

LARGE = LlamaConfig(
    hidden_size=4096, intermediate_size=14336, num_hidden_layers=4, num_key_value_heads=8,
    vocab_size=128256,
)  # fmt: skip

WIDE = LlamaConfig(hidden_size=8192, intermediate_size=28672, num_hidden_layers=32)


def told(report: irene.EnergyReport) -> list[str]:
    return [note for note in report.notes if "GiB" in note]


def test_parameters_beyond_the_devices_memory_are_told_in_their_dtype() -> None:
    full = LlamaConfig(**{**LARGE.to_dict(), "num_hidden_layers": 32})
    (note,) = told(irene.predict(full, batch_size=1, seq_len=512))
    assert note.startswith("LlamaModel needs 28 GiB (its parameters alone take 28)")
    assert "the device (GTX 1080 Ti PC) has 11" in note
    half = LlamaConfig(**{**full.to_dict(), "dtype": "bfloat16"})
    (note,) = told(irene.predict(half, batch_size=1, seq_len=512))
    assert "needs 14 GiB" in note


def test_what_cannot_run_there_has_a_wider_range() -> None:
    half = {"hidden_size": 1024, "intermediate_size": 2816, "dtype": "bfloat16"}
    fits = LlamaConfig(**half, num_hidden_layers=2, num_attention_heads=8)
    report = irene.predict(fits, batch_size=1, seq_len=512, device="h100")
    large = irene.predict(fits, batch_size=65536, seq_len=512, device="h100")
    assert report.root is not None
    assert large.root is not None
    widths = [
        root.energy.high / root.energy.low for root in (report.root, large.root) if root.energy
    ]
    assert widths[1] > 2 * widths[0]
    assert any(flag.startswith("does_not_fit: needs ") for flag in large.root.flags)
    assert len(told(large)) == 1


def test_what_fits_and_what_is_not_known_is_not_told() -> None:
    assert not told(irene.predict(LARGE, batch_size=1, seq_len=128))
    assert not told(irene.predict(GPT2Config(n_layer=1), batch_size=1, seq_len=8, new_tokens=3))
    unknown = replace(load_device("gtx1080ti"), memory_gibibytes=None)
    model = build_model(LARGE)
    tree = structure_of(model, 1, 16)
    assert shortage_of(model, [Run(model="m", tree=tree)], unknown) is None
    small = replace(unknown, memory_gibibytes=1.0, label="a small card")
    found = shortage_of(model, [Run(model="m", tree=tree)], small)
    assert found is not None
    assert "the device (a small card) has 1.0" in found.note


def test_a_cache_at_its_longest_and_the_largest_operation_count() -> None:
    model = build_model(LARGE, generates=True)
    runs = generation_of(model, 8, 64, 100_000)
    parameters = sum(p.numel() for p in model.parameters()) * 4 / 2**30
    cache = 2 * 4 * 8 * 128 * 8 * 100_064 * 4 / 2**30
    profile = load_device("gtx1080ti")
    found = shortage_of(model, runs, profile)
    assert found is not None
    expected = parameters + cache
    assert expected < found.needed < 1.1 * expected  # and repeated heads
    assert "its parameters take" in found.note
    assert shortage_of(model, generation_of(model, 1, 64, 100), profile) is None


def test_the_explorer_says_it_too() -> None:
    what_if = WhatIf(LlamaConfig(**{**LARGE.to_dict(), "num_hidden_layers": 14}))
    report = what_if.predict(Setting(batch_size=1, seq_len=16)).report
    assert len(told(report)) == 1
    report = what_if.predict(Setting(batch_size=1, seq_len=16, dtype="float16")).report
    assert not told(report)


def test_a_profile_keeps_its_devices_memory() -> None:
    profile = load_device("gtx1080ti")
    written = profile.to_dict()
    assert DeviceProfile.from_dict(written).memory_gibibytes == profile.memory_gibibytes == 11.2
    del written["memory_gibibytes"]  # as in a file of an older version
    assert DeviceProfile.from_dict(written).memory_gibibytes is None


@pytest.mark.parametrize("device", ["gtx1080ti", "h100"])
@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        (WIDE, 0),
        (WIDE, 8),
        (LlamaConfig(**{**WIDE.to_dict(), "num_hidden_layers": 80, "dtype": "bfloat16"}), 8),
        (GPT2Config(n_layer=32, n_embd=8192, n_head=64), 0),
    ],
    ids=["llama", "llama-generates", "llama-bfloat16", "gpt2"],
)
def test_a_range_of_what_does_not_fit_holds_the_bound_of_its_bytes(
    config: Any, tokens: int, device: str
) -> None:
    report = irene.predict(config, 1, 64, new_tokens=tokens, device=device, budget_seconds=0)
    least = load_device(device).least_joules_per_byte
    assert least is not None
    assert report.root is not None
    assert any(flag.startswith("does_not_fit") for flag in report.root.flags)
    for node in (report.root, *report.root.children):
        assert node.energy is not None
        bound = least * node.features.bytes
        assert node.energy.low == pytest.approx(min(bound, node.energy.joules))
        assert bound <= node.energy.high * (1 + 1e-9)


def test_no_extrapolated_range_lies_below_the_bound_of_its_bytes() -> None:
    least = load_device("gtx1080ti").least_joules_per_byte
    assert least is not None
    report = irene.predict(GPT2Config(n_layer=2), batch_size=1, seq_len=8, new_tokens=24)
    assert report.root is not None
    untested = [
        (node.energy, least * node.features.bytes)
        for node in report.root.walk()
        if node.energy and any(flag.startswith("extrapolated") for flag in node.flags)
    ]
    assert untested
    for energy, bound in untested:
        assert energy.low >= min(bound, energy.joules) * (1 - 1e-9)
        assert energy.high >= bound * (1 - 1e-9)

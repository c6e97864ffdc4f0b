"""Models that see or hear: what goes in counts once, when they run and when they are predicted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers as hf
from zoo import SMALL

import irene_jupyter as irene
from irene_jupyter.capture.dry.generation import generation_of
from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.inputs.inputs import dummy_inputs
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.errors import OptionError
from irene_jupyter.tree import Node, Run

BATCH, TEXT, NEW = 2, 10, 4
MARK = 99
SIDE, PATCH = 32, 8
TEXT_MODEL = {**SMALL, "num_key_value_heads": 2, "max_position_embeddings": 4096}
VISION: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "image_size": SIDE, "patch_size": PATCH,
}  # fmt: skip
ROPE = {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 10000.0}
QWEN = {"depth": 2, "num_heads": 2, "patch_size": PATCH, "spatial_merge_size": 2}
AUDIO = {"d_model": 32, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 64,
         "num_mel_bins": 8, "max_source_positions": 20}  # fmt: skip


def qwen2_5_vl() -> Any:
    return hf.Qwen2_5_VLConfig(
        vision_config={**QWEN, "hidden_size": 32, "out_hidden_size": 32, "intermediate_size": 64,
                       "fullatt_block_indexes": [1]},
        text_config={**TEXT_MODEL, "rope_parameters": ROPE}, image_token_id=MARK,
    )  # fmt: skip


SEEING: dict[str, Callable[[], Any]] = {
    "llava": lambda: hf.LlavaConfig(
        vision_config=hf.CLIPVisionConfig(**VISION), text_config=hf.LlamaConfig(**TEXT_MODEL),
        image_token_id=MARK, vision_feature_layer=-1,
    ),
    "qwen2_vl": lambda: hf.Qwen2VLConfig(
        vision_config={**QWEN, "embed_dim": 32, "hidden_size": 32},
        text_config={**TEXT_MODEL, "rope_parameters": ROPE}, image_token_id=MARK,
    ),
    "qwen2_5_vl": qwen2_5_vl,
    "qwen3_vl": lambda: hf.Qwen3VLConfig(
        vision_config={**QWEN, "hidden_size": 32, "out_hidden_size": 32, "intermediate_size": 64,
                       "num_position_embeddings": 16, "deepstack_visual_indexes": [0]},
        text_config={**TEXT_MODEL, "head_dim": 8, "rope_parameters": ROPE}, image_token_id=MARK,
    ),
    "gemma3": lambda: hf.Gemma3Config(
        vision_config=hf.SiglipVisionConfig(**VISION, vision_use_head=False),
        text_config={**TEXT_MODEL, "head_dim": 8}, image_token_index=MARK, mm_tokens_per_image=4,
    ),
    "paligemma": lambda: hf.PaliGemmaConfig(
        vision_config=hf.SiglipVisionConfig(**VISION, vision_use_head=False, projection_dim=32),
        text_config=hf.GemmaConfig(**TEXT_MODEL, head_dim=8), image_token_index=MARK,
        projection_dim=32,
    ),
    "idefics3": lambda: hf.Idefics3Config(
        vision_config=VISION, text_config=hf.LlamaConfig(**TEXT_MODEL), image_token_id=MARK,
        scale_factor=2,
    ),
    "internvl": lambda: hf.InternVLConfig(
        vision_config={**VISION, "image_size": [SIDE, SIDE], "patch_size": [PATCH, PATCH]},
        text_config=hf.Qwen2Config(**TEXT_MODEL), image_token_id=MARK,
    ),
}  # fmt: skip
HEARING: dict[str, Callable[[], Any]] = {
    "qwen2_audio": lambda: hf.Qwen2AudioConfig(
        audio_config=AUDIO, text_config=hf.Qwen2Config(**TEXT_MODEL), audio_token_index=MARK
    ),
    "voxtral": lambda: hf.VoxtralConfig(
        audio_config={"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
                      "num_attention_heads": 2, "num_mel_bins": 8, "max_source_positions": 20},
        text_config=hf.LlamaConfig(**TEXT_MODEL), audio_token_id=MARK,
    ),
}  # fmt: skip


def built(name: str) -> Any:
    config = {**SEEING, **HEARING}[name]()
    torch.manual_seed(0)
    automatic = hf.AutoModelForImageTextToText if name in SEEING else hf.AutoModelForMultimodalLM
    return automatic.from_config(config).eval()


def given(model: Any) -> dict[str, torch.Tensor]:
    """What a processor would give: the shapes that we would make up, with values."""
    inputs = next(iter(dummy_inputs(model, BATCH, TEXT)))
    return {n: torch.randn(v.shape) if v.is_meta else v for n, v in inputs.kwargs.items()}


def recorded(model: Any, kwargs: dict[str, Any]) -> tuple[Run, ...]:
    with torch.no_grad(), Recorder() as recorder:
        model.generate(
            **kwargs, attention_mask=torch.ones_like(kwargs["input_ids"]), max_new_tokens=NEW,
            min_new_tokens=NEW, do_sample=False, pad_token_id=0, eos_token_id=None,
        )  # fmt: skip
    return gather(recorder).runs


def tokens(runs: tuple[Run, ...], phase: str) -> int:
    return sum(run.tokens for run in runs if run.phase == phase)


def work(runs: tuple[Run, ...], phase: str) -> float:
    roots = [(run.calls, run.tree.root) for run in runs if run.phase == phase]
    return sum(calls * root.features.flops for calls, root in roots)


@pytest.mark.parametrize("name", SEEING)
def test_what_goes_in_counts_once_and_is_predicted_as_it_runs(name: str):
    model = built(name)
    kwargs = given(model)
    length = kwargs["input_ids"].shape[1]
    assert length > TEXT  # its image is in the text
    runs = recorded(model, kwargs)
    assert {run.phase for run in runs} == {"prefill", "decode"}
    assert tokens(runs, "prefill") == BATCH * length
    assert tokens(runs, "decode") == BATCH * (NEW - 1)
    assert sum(run.items for run in runs) == BATCH
    predicted = generation_of(model, BATCH, TEXT, NEW)
    for phase in ("prefill", "decode"):
        assert tokens(predicted, phase) == tokens(runs, phase)
        assert work(predicted, phase) == pytest.approx(work(runs, phase), rel=0.02)


@pytest.mark.parametrize("name", HEARING)
def test_a_sound_counts_as_the_tokens_that_stand_for_it(name: str):
    model = built(name)
    frames = 2 * 20
    ids = torch.randint(3, MARK - 1, (1, TEXT + 10))
    kwargs: dict[str, Any] = {"input_features": torch.randn(1, 8, frames)}
    if name == "qwen2_audio":
        kwargs["feature_attention_mask"] = torch.ones(1, frames, dtype=torch.long)
    ids[:, 2:12] = MARK
    runs = recorded(model, {**kwargs, "input_ids": ids})
    assert {run.phase for run in runs} == {"prefill", "decode"}
    assert tokens(runs, "prefill") == ids.shape[1]
    assert tokens(runs, "decode") == NEW - 1


def test_a_part_that_is_called_by_hand_is_of_no_phase():
    model = built("llava")
    with torch.no_grad(), Recorder() as recorder:
        model.model.get_image_features(torch.randn(1, 3, SIDE, SIDE))
    assert {(run.phase, run.tokens) for run in gather(recorder).runs} == {(None, 0)}


def find(report: irene.EnergyReport, word: str) -> list[Node]:
    assert report.root is not None
    return [node for node in report.root.walk() if word in node.path.split(".")]


@pytest.mark.parametrize("new_tokens", [0, 3])
def test_a_configuration_is_predicted_with_an_image_and_says_so(new_tokens: int):
    config = SEEING["llava"]()
    seen = irene.predict(config, batch_size=1, seq_len=TEXT, new_tokens=new_tokens)
    told = f"with one image of {SIDE} × {SIDE}, 16 tokens beside the text"
    assert any(note.endswith(told) for note in seen.notes)
    assert find(seen, "vision_tower")
    two = irene.predict(config, batch_size=1, seq_len=TEXT, new_tokens=new_tokens, images=2)
    assert any("with 2 images" in note and "32 tokens" in note for note in two.notes)
    blind = irene.predict(config, batch_size=1, seq_len=TEXT, new_tokens=new_tokens, images=0)
    assert not find(blind, "vision_tower")
    assert not any("image" in note for note in blind.notes)
    assert [r.runs[0].seq_len for r in (blind, seen, two)] == [TEXT, TEXT + 16, TEXT + 32]
    assert blind.total_joules < seen.total_joules < two.total_joules


@pytest.mark.parametrize("images", [-1, True, 1.5, "one"])
def test_a_number_of_images_is_a_whole_one(images: Any):
    with pytest.raises(OptionError, match="images must be a whole number"):
        irene.predict(SEEING["llava"](), images=images)


def test_a_text_model_is_told_nothing_of_images():
    report = irene.predict(hf.LlamaConfig(**SMALL), 1, TEXT, device="gtx1080ti")
    assert report.notes == (
        "LlamaConfig names no architecture: this is LlamaModel, without its head",
    )

"""Inputs have the shapes that a configuration asks for, so that its model can be predicted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers as hf
from zoo import SMALL

import irene_jupyter as irene
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.capture.inputs.inputs import dummy_inputs
from irene_jupyter.capture.models.building import build_model
from irene_jupyter.capture.models.heads import described

VISION: dict[str, Any] = {**SMALL, "image_size": 32, "patch_size": 8}
WIDE: dict[str, Any] = {k: v for k, v in SMALL.items() if k != "vocab_size"}

CONFIGS: dict[str, Callable[[], Any]] = {
    # Clips, planes, and rows of patches with their grid.
    "videomae": lambda: hf.VideoMAEConfig(**VISION, num_frames=4, tubelet_size=2),
    "timesformer": lambda: hf.TimesformerConfig(**VISION, num_frames=3),
    "vivit": lambda: hf.VivitConfig(**VISION, num_frames=4, tubelet_size=[2, 8, 8]),
    "vjepa2": lambda: hf.VJEPA2Config(
        hidden_size=32, num_attention_heads=2, num_hidden_layers=2, crop_size=32, patch_size=8,
        frames_per_clip=4, pred_hidden_size=32, pred_num_attention_heads=2,
        pred_num_hidden_layers=1,
    ),
    "siglip2": lambda: hf.Siglip2VisionConfig(**WIDE, patch_size=8, num_patches=16),
    "qwen2_vl tower": lambda: hf.Qwen2VLConfig(
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2}
    ).vision_config,
    # Spectrograms, samples, and samples with a channel.
    "ast": lambda: hf.ASTConfig(**WIDE, num_mel_bins=16, max_length=64),
    "wav2vec2": lambda: hf.Wav2Vec2Config(
        **SMALL, conv_dim=[16, 16], conv_stride=[5, 2], conv_kernel=[10, 3],
        num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2,
    ),
    "dac": lambda: hf.DacConfig(
        encoder_hidden_size=8, downsampling_ratios=[2, 4], decoder_hidden_size=16, n_codebooks=2,
        codebook_size=16, codebook_dim=4, upsampling_ratios=[4, 2], hidden_size=32,
    ),
    "seamless": lambda: hf.Wav2Vec2BertConfig(**SMALL, feature_projection_input_dim=20),
    # Time series, boxes beside a text, and patches with their place.
    "patchtst": lambda: hf.PatchTSTConfig(
        num_input_channels=2, context_length=24, patch_length=4, patch_stride=4, d_model=16,
        num_attention_heads=2, ffn_dim=32, num_hidden_layers=2,
    ),
    "informer": lambda: hf.InformerConfig(
        prediction_length=4, context_length=12, lags_sequence=[1, 2], d_model=16, encoder_layers=1,
        decoder_layers=1, encoder_ffn_dim=16, decoder_ffn_dim=16, num_time_features=1,
    ),
    "bros": lambda: hf.BrosConfig(**{**SMALL, "hidden_size": 64}),
    "blip text": lambda: hf.BlipTextConfig(**SMALL),  # a part that no automatic class knows
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_of_any_kind_is_predicted(name: str) -> None:
    report = irene.predict(CONFIGS[name](), batch_size=2, seq_len=16)
    assert report.root is not None
    assert report.root.features.flops > 0
    assert report.total_joules > 0


def shapes(config: Any) -> list[tuple[str, tuple[int, ...]]]:
    inputs = next(iter(dummy_inputs(build_model(config), 2, 16)))
    return [(name, tuple(value.shape)) for name, value in inputs.kwargs.items()]


def test_a_clip_and_a_grid_are_as_configured() -> None:
    assert shapes(CONFIGS["videomae"]()) == [("pixel_values", (2, 4, 3, 32, 32))]
    assert shapes(CONFIGS["vjepa2"]()) == [("pixel_values_videos", (2, 4, 3, 32, 32))]
    tower = dict(shapes(CONFIGS["qwen2_vl tower"]()))
    rows, columns = 448 // 14, 448 // 14
    assert tower == {
        "hidden_states": (2 * rows * columns, 3 * 2 * 14 * 14), "grid_thw": (2, 3),
    }  # fmt: skip
    assert dict(shapes(CONFIGS["ast"]())) == {"input_values": (2, 64, 16)}


@pytest.mark.parametrize("name", ["videomae", "qwen2_vl tower", "patchtst", "wav2vec2"])
def test_the_tree_without_data_is_that_of_the_model_that_runs(name: str) -> None:
    model = build_model(CONFIGS[name]())
    torch.manual_seed(0)
    real: Any = type(model)(model.config).eval()  # type: ignore[call-arg]
    inputs = next(iter(dummy_inputs(real, 2, 16)))
    values = {n: torch.randn(v.shape) if v.is_meta else v for n, v in inputs.kwargs.items()}
    ran = irene.measure(real, **values, options=irene.Options(budget_seconds=0))
    assert ran.root is not None
    traced = structure_of(model, 2, 16)
    assert traced.root.features.flops == pytest.approx(ran.root.features.flops, rel=0.02)


def test_what_a_configuration_stands_for_is_said_unless_it_says_it() -> None:
    def told(config: Any, *, generates: bool = False) -> str | None:
        return described(config, build_model(config, generates=generates))

    said = "LlamaConfig names no architecture: this is"
    assert told(hf.LlamaConfig(**SMALL)) == f"{said} LlamaModel, without its head"
    assert told(hf.LlamaConfig(**SMALL), generates=True) == f"{said} LlamaForCausalLM"
    assert told(hf.LlamaConfig(**SMALL, architectures=["LlamaForCausalLM"])) is None
    decoder = told(hf.BertConfig(**SMALL), generates=True)
    assert decoder is not None
    assert decoder.endswith("BertLMHeadModel, as a decoder (is_decoder=True)")
    config = hf.BertConfig(**SMALL)
    build_model(config, generates=True)
    assert config.is_decoder is False  # the user's own is as it was

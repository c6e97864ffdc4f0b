"""What single model types want beyond the rules: values of their configuration, and inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from small_inputs import BATCH, LENGTH, Maker

_FORWARDLESS = "a container without a forward of its own: its parts are types of their own"

# Types that are not built here, and why.
NOT_HERE: dict[str, str] = {
    "bark": _FORWARDLESS,
    "qwen2_5_omni": _FORWARDLESS,
    "glm_image_vqmodel": _FORWARDLESS,
    "layoutlmv2": "needs the package detectron2",
    "dinat": "needs the package natten",
    "higgs_audio_v2_tokenizer": "needs the package torchaudio",
}


def _sections(*sizes: int) -> dict[str, Any]:
    return {"rope_parameters": {"mrope_section": list(sizes)}}


_M2, _M4 = _sections(2, 3, 3), _sections(1, 1, 2)
_RESNET = {
    "model_type": "resnet", "embedding_size": 16, "hidden_sizes": [16, 16, 32, 32],
    "depths": [1, 1, 1, 1], "layer_type": "basic", "out_features": ["stage4"],
}  # fmt: skip
_DETR = {"use_timm_backbone": False, "backbone_config": _RESNET, "backbone": None,
         "use_pretrained_backbone": False, "backbone_kwargs": None}  # fmt: skip
_TIME_SERIES = {"prediction_length": 4, "context_length": 12, "lags_sequence": [1, 2, 3]}

CONFIGS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(["detr", "conditional_detr", "dab-detr", "table-transformer"], _DETR),
    "deformable_detr": _DETR | {
        "backbone_config": _RESNET | {"out_features": ["stage2", "stage3", "stage4"]},
        "num_feature_levels": 4,
    },
    **dict.fromkeys(["glm4v_text", "glm_ocr_text", "glm_image_text", "qwen2_5_vl_text",
                     "qwen2_vl_text"], _M2),
    "glm4v_moe_text": _M4,
    **{n: {"text_config": _M2} for n in
       ("glm4v", "glm46v", "glm_ocr", "glmga", "glm_image", "qwen2_vl", "qwen2_5_vl",
        "qwen2_5_omni_thinker", "hunyuan_vl")},
    "glm4v_moe": {"text_config": _M4},
    "hunyuan_vl_text": _M2,
    **dict.fromkeys(["autoformer", "informer", "time_series_transformer"], _TIME_SERIES),
    "bamba": {"mamba_n_heads": 8, "mamba_d_head": 16},
    "falcon_h1": {"mamba_n_heads": 8, "mamba_d_head": 16, "mamba_d_ssm": 128},
    "granitemoehybrid": {"mamba_n_heads": 8, "mamba_d_head": 16},
    "mamba2": {"num_heads": 8, "head_dim": 16},
    "nemotron_h": {"n_groups": 1, "mamba_num_heads": 4},
    "nemo_speechlm": {"text_config": {"n_groups": 1, "mamba_num_heads": 4}},
    "esm": {"vocab_size": 160, "pad_token_id": 1, "mask_token_id": 32},
    "dots1": {"n_routed_experts": 4},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"]},
    "reformer": {"axial_pos_embds_dim": [16, 48], "axial_pos_shape": [4, 8]},
    "seggpt": {"intermediate_hidden_state_indices": [1, 2, 3, 3], "num_hidden_layers": 4,
               "merge_index": 0},
    "dbrx": {"attn_config": {"rope_theta": 10000.0}},
    "jamba": {"layers_block_type": ["mamba", "attention"], "attn_layer_period": 2,
              "attn_layer_offset": 1, "expert_layer_period": 2, "expert_layer_offset": 1},
    "recurrent_gemma": {"block_types": ["recurrent", "recurrent", "attention"],
                        "num_hidden_layers": 3},
    "emu3": {"vocabulary_map": {"<|extra_200|>": 100, "<image>": 101}},
    "chameleon": {"vocabulary_map": {"<image>": 101}},
    "cohere_compass_text": {"layer_types": None},
    "gemma3n_text": {"num_kv_shared_layers": 0},
    "mobilebert": {"true_hidden_size": 64, "intra_bottleneck_size": 64, "hidden_size": 64,
                   "embedding_size": 64},
    "layoutlmv3": {"coordinate_size": 11, "shape_size": 10},
    "lilt": {"max_2d_position_embeddings": 128, "hidden_size": 48, "head_dim": 12},
    "step3p7": {"text_config": {"sliding_window": 8}},
    "align": {"vision_config": {"hidden_dim": 640}, "projection_dim": 640},
    "efficientnet": {"hidden_dim": 2560},
    "gemma3": {"mm_tokens_per_image": 4},
    "shieldgemma2": {"mm_tokens_per_image": 4},
    "t5gemma2": {"encoder": {"mm_tokens_per_image": 4}},
    "aria": {"projector_patch_to_query_dict": {16: 8}},
    "glm5_next": {},
    "clvp": {"text_config": {"projection_dim": 64}, "speech_config": {"projection_dim": 64}},
    "fun_asr_nano": {"adaptor_config": {"intermediate_size": 16}},
    "moonshine": {"encoder_num_key_value_heads": 4, "decoder_num_key_value_heads": 4},
    "gemma4_audio": {}, 
    "xmod": {"default_language": "en_XX"},
    "nemotron": {"num_key_value_heads": 2},
    "zamba2": {},
    "vits": {"vocab_size": 160},
    "fastspeech2_conformer": {"vocab_size": 160},
    "molmo2": {"adapter_config": {"vision_feature_layer": [-1, -2]}},
    "molmo2_adapter": {"vision_feature_layer": [-1, -2]},
    "vipllava": {"vision_feature_layers": [-1, -2]},
}  # fmt: skip


def _frames(name: str, count: int, side: int | None = None) -> Callable[[Maker], dict[str, Any]]:
    def make(m: Maker) -> dict[str, Any]:
        size = side or m.get("image_size", "img_size", "crop_size", default=64)
        number = m.get("num_frames", default=count) if count < 0 else count
        return {name: m.signal(BATCH, abs(number), 3, size, size)}

    return make


def _boxes(m: Maker, *shape: int) -> torch.Tensor:
    corners = m.ids(*shape, 2, least=0, most=40)
    return torch.cat([corners, corners + 10], dim=-1)


def _series(m: Maker) -> dict[str, Any]:
    past, future = 12 + 3, 4
    features = m.config.num_time_features
    return {
        "past_values": m.signal(BATCH, past),
        "past_time_features": m.signal(BATCH, past, features),
        "past_observed_mask": torch.ones(BATCH, past),
        "future_values": m.signal(BATCH, future),
        "future_time_features": m.signal(BATCH, future, features),
    }


def _with(extra: Callable[[Maker, dict[str, Any]], dict[str, Any]]) -> Any:
    """The usual inputs, and more."""
    from small_inputs import usual

    def make(m: Maker) -> dict[str, Any]:
        found = usual(m)
        return found | extra(m, found)

    return make


def _mel(m: Maker) -> dict[str, Any]:
    bins = m.get("num_mel_bins", "input_feat_per_channel", "mel_bins", default=80)
    return {"input_features": m.signal(BATCH, 64, bins)}


def _samples(channels: int, count: int = 3200) -> Callable[[Maker], dict[str, Any]]:
    return lambda m: {"input_values": m.signal(BATCH, channels, count)}


INPUTS: dict[str, Callable[[Maker], dict[str, Any]]] = {
    **dict.fromkeys(["autoformer", "informer", "time_series_transformer"], _series),
    **dict.fromkeys(["dac", "encodec", "mimi_encoder", "pe_audio_encoder", "xcodec",
                     "pocket_tts_audio_tokenizer_encoder", "vibevoice_acoustic_tokenizer",
                     "vibevoice_acoustic_tokenizer_encoder"], _samples(1)),
    "timesformer": _frames("pixel_values", -8),
    "vivit": _frames("pixel_values", -8),
    "videomae": _frames("pixel_values", -8),
    "vjepa2": _frames("pixel_values_videos", 4),
    "videomt": _frames("pixel_values_videos", 2),
    "videoprism_vision_model": _frames("pixel_values_videos", 4),
    "superglue": _frames("pixel_values", 2, 64),
    "lightglue": _frames("pixel_values", 2, 64),
    "xclip": _with(lambda m, f: {"pixel_values": m.signal(BATCH, 8, 3, *f["pixel_values"].shape[2:])}),
    "bros": _with(lambda m, f: {"bbox": torch.rand(BATCH, LENGTH, 4, generator=m.generator)}),
    "udop": _with(lambda m, f: {"bbox": torch.rand(BATCH, LENGTH, 4, generator=m.generator)}),
    "lxmert": _with(lambda m, f: {"visual_feats": m.signal(BATCH, 5, m.config.visual_feat_dim),
                                  "visual_pos": m.signal(BATCH, 5, m.config.visual_pos_dim)}),
    "patchtst": lambda m: {"past_values": m.signal(BATCH, m.config.context_length,
                                                   m.config.num_input_channels)},
    "patchtsmixer": lambda m: {"past_values": m.signal(BATCH, m.config.context_length,
                                                       m.config.num_input_channels)},
    "timesfm": lambda m: {"past_values": m.signal(BATCH, 32),
                          "past_values_padding": torch.zeros(BATCH, 32, dtype=torch.long),
                          "freq": torch.zeros(BATCH, 1, dtype=torch.long)},
    "perceiver": lambda m: {"inputs": m.signal(BATCH, LENGTH, m.config.d_model)},
    "decision_transformer": lambda m: {
        "states": m.signal(BATCH, 6, m.config.state_dim),
        "actions": m.signal(BATCH, 6, m.config.act_dim), "rewards": m.signal(BATCH, 6, 1),
        "returns_to_go": m.signal(BATCH, 6, 1), "timesteps": torch.arange(6).repeat(BATCH, 1),
        "attention_mask": torch.ones(BATCH, 6)},
    "blip_2_qformer": lambda m: {"query_embeds": m.signal(BATCH, 6, m.config.hidden_size),
                                 "encoder_hidden_states": m.signal(
                                     BATCH, 8, m.config.encoder_hidden_size)},
    "kyutai_speech_to_text": lambda m: {"input_ids": m.ids(BATCH, LENGTH, 33, most=60)},
    "oneformer": _with(lambda m, f: {"task_inputs": m.ids(BATCH, 77)}),
    "speech_to_text": _mel,
    "speech-encoder-decoder": lambda m: {"input_values": m.signal(BATCH, 3200),
                                         "decoder_input_ids": m.ids(BATCH, 4)},
    "clap": lambda m: {"input_ids": m.ids(), "input_features": m.signal(BATCH, 1, 64, 64),
                       "is_longer": torch.zeros(BATCH, 1, dtype=torch.bool)},
    "siglip2": lambda m: {"input_ids": m.ids(), **_naflex(m)},
    "siglip2_vision_model": lambda m: _naflex(m),
    "dia": lambda m: {"input_ids": m.ids(), "decoder_input_ids": m.ids(BATCH, 4, 9)},
}  # fmt: skip


def _naflex(m: Maker) -> dict[str, Any]:
    patch = m.get("patch_size")
    return {"pixel_values": m.signal(BATCH, 16, 3 * patch * patch),
            "pixel_attention_mask": torch.ones(BATCH, 16, dtype=torch.long),
            "spatial_shapes": torch.tensor([[4, 4]] * BATCH)}

"""What single model types are called with, where the rules of `small_inputs.py` do not tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from small_inputs import BATCH, LENGTH, Maker, usual, with_placeholders

Make = Callable[[Maker], dict[str, Any]]


def _each(names: str, make: Make) -> dict[str, Make]:
    return dict.fromkeys(names.split(), make)


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
    features = max(m.config.num_time_features, 0)
    return {
        "past_values": m.signal(BATCH, past),
        "past_time_features": m.signal(BATCH, past, features),
        "past_observed_mask": torch.ones(BATCH, past),
        "future_values": m.signal(BATCH, future),
        "future_time_features": m.signal(BATCH, future, features),
    }


def _with(extra: Callable[[Maker, dict[str, Any]], dict[str, Any]]) -> Any:
    """The usual inputs, and more."""

    def make(m: Maker) -> dict[str, Any]:
        found = usual(m)
        return found | extra(m, found)

    return make


def _mel(m: Maker) -> dict[str, Any]:
    bins = m.get("num_mel_bins", "input_feat_per_channel", "mel_bins", default=80)
    return {"input_features": m.signal(BATCH, 64, bins)}


def _samples(channels: int, count: int = 3200) -> Callable[[Maker], dict[str, Any]]:
    return lambda m: {"input_values": m.signal(BATCH, channels, count)}


def _tiled(m: Maker) -> dict[str, Any]:
    """A picture, or its pieces, in a dimension of their own."""
    side = m.get("image_size", default=64)
    found: dict[str, Any] = {"pixel_values": m.signal(BATCH, 1, 3, side, side)}
    found["input_ids"] = with_placeholders(m, found)
    return found


def _keypoints(m: Maker) -> dict[str, Any]:
    size = (BATCH, 3, 64, 64) if m.config.model_type == "superpoint" else (BATCH, 2, 3, 64, 64)
    return {"pixel_values": m.signal(*size)}


def _anyres(m: Maker) -> dict[str, Any]:
    side = m.get("image_size", default=64)
    found: dict[str, Any] = {
        "pixel_values": m.signal(BATCH, 5, 3, side, side),
        "image_sizes": torch.full((BATCH, 2), side),
    }
    found["input_ids"] = with_placeholders(m, found)
    return found


def _without_sizes(m: Maker) -> dict[str, Any]:
    side = m.get("image_size", default=64)
    found: dict[str, Any] = {"pixel_values": m.signal(BATCH, 3, side, side)}
    found["input_ids"] = with_placeholders(m, found)
    return found


def _masked_mel(m: Maker) -> dict[str, Any]:
    bins = m.get("num_mel_bins", "input_size", default=80)
    frames = 2 * (m.get("max_source_positions") or 32)
    return {
        "input_features": m.signal(BATCH, bins, frames),
        "input_features_mask": torch.ones(BATCH, frames, dtype=torch.long),
    }


INPUTS: dict[str, Callable[[Maker], dict[str, Any]]] = {
    **_each("autoformer informer time_series_transformer", _series),
    **_each(
        "dac encodec mimi_encoder pe_audio_encoder xcodec "
        "pocket_tts_audio_tokenizer_encoder vibevoice_acoustic_tokenizer",
        _samples(1)),
    "timesformer": _frames("pixel_values", -8),
    "vivit": _frames("pixel_values", -8),
    "videomae": _frames("pixel_values", -8),
    "vjepa2": _frames("pixel_values_videos", 4),
    "videomt": _frames("pixel_values_videos", 2),
    "videoprism_vision_model": _frames("pixel_values_videos", -16),
    "xclip": _with(lambda m, f: {
        "pixel_values": m.signal(BATCH, 8, 3, *f["pixel_values"].shape[2:])}),
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
    "speech_to_text": lambda m: _mel(m) | {"decoder_input_ids": m.ids(BATCH, 4)},
    "speech-encoder-decoder": lambda m: {"input_values": m.signal(BATCH, 6400),
                                         "decoder_input_ids": m.ids(BATCH, 4)},
    "clap": lambda m: {"input_ids": m.ids(), "input_features": m.signal(BATCH, 1, 64, 64),
                       "is_longer": torch.zeros(BATCH, 1, dtype=torch.bool)},
    "siglip2": lambda m: {"input_ids": m.ids(), **_naflex(m)},
    "siglip2_vision_model": lambda m: _naflex(m),
    **_each(
        "idefics2 idefics3 smolvlm modernvbert ultravbert colmodernvbert",
        _tiled),
    **_each("superpoint superglue lightglue", _keypoints),
    "instructblip": _with(lambda m, f: {
        "qformer_input_ids": m.ids(),
        "input_ids": torch.cat([torch.full((BATCH, m.config.num_query_tokens), 130), m.ids()], 1)}),
    **_each("llava_next llava_next_video llava_onevision", _anyres),
    **_each(
        "audioflamingo3_encoder fun_asr_nano_encoder glmasr_encoder qwen3_asr_encoder "
        "voxtral_realtime_encoder",
        _masked_mel),
    "pp_ocrv5_mobile_rec": lambda m: {"pixel_values": m.signal(BATCH, 3, 48, 64)},
    "llava": _without_sizes,
    "speecht5": lambda m: {"input_values": m.signal(BATCH, LENGTH, 64),
                           "decoder_input_values": m.signal(BATCH, 4, 64)},
    "granite_speech5_ctc": lambda m: {"input_features": m.signal(BATCH, 64, 320)},
    "granite_speech5_encoder": lambda m: {"input_features": m.signal(BATCH, 64, 320)},
    "gemma4_audio": _with(lambda m, f: {"input_features": m.signal(BATCH, 64, 128)}),
    "nemotron3_5_transcribe_audio": _with(lambda m, f: {
        "input_features": m.signal(BATCH, 64, 128)}),
    "tvp": lambda m: {"input_ids": m.ids(), "pixel_values": m.signal(BATCH, 4, 3, 64, 64)},
    "sam2": lambda m: {"pixel_values": m.signal(BATCH, 3, 128, 128)},
    "sam2_vision_model": lambda m: {"pixel_values": m.signal(BATCH, 3, 128, 128)},
    "musicgen": lambda m: {"input_ids": m.ids(), "decoder_input_ids": m.ids(BATCH * 4, 4, most=60)},
    "musicgen_melody": lambda m: {"input_ids": m.ids(),
                                  "decoder_input_ids": m.ids(BATCH * 4, 4, most=60)},
    "video_llama_3_vision": _with(lambda m, f: {"merge_sizes": torch.tensor([2] * BATCH)}),
    **_each("mimi pocket_tts_audio_tokenizer", _samples(1)),
    "pe_audio": _with(lambda m, f: {"input_values": m.signal(BATCH, 1, 3840)}),
    "mllama": lambda m: {
        "input_ids": m.ids(), "aspect_ratio_ids": torch.ones(BATCH, 1, dtype=torch.long),
        "aspect_ratio_mask": torch.ones(BATCH, 1, 4, dtype=torch.long),
        "pixel_values": m.signal(BATCH, 1, 4, 3, 56, 56),
        "cross_attention_mask": torch.ones(BATCH, LENGTH, 1, 4)},
    "kosmos-2": lambda m: {
        "input_ids": m.ids(BATCH, 80), "pixel_values": m.signal(BATCH, 3, 56, 56),
        "image_embeds_position_mask": (torch.arange(80) < 64).long().repeat(BATCH, 1)},
    "gemma3n_audio": lambda m: {"audio_mel": m.signal(BATCH, 64, 64),
                                "audio_mel_mask": torch.zeros(BATCH, 64, dtype=torch.bool)},
    "seggpt": lambda m: {n: m.signal(BATCH, 3, 64, 64) for n in
                         ("pixel_values", "prompt_pixel_values", "prompt_masks")},
    "kimi_k25_vision": lambda m: {"pixel_values": m.signal(32, 3, 14, 14),
                                  "grid_thw": torch.tensor([[1, 4, 4]] * BATCH)},
    "pix2struct": lambda m: {
        "flattened_patches": torch.cat([m.ids(BATCH, 16, 2).float(), m.signal(BATCH, 16, 64)], -1),
        "decoder_input_ids": m.ids(BATCH, 4)},
    **_each("mimi_decoder pocket_tts_audio_tokenizer_decoder", lambda m: {
        "latents": m.signal(BATCH, m.config.hidden_size, 8)}),
    "moss_transcribe_diarize": lambda m: {"input_ids": m.ids()},
    "nemotron_h_omni": lambda m: {"input_ids": m.ids()},
    "fuyu": lambda m: {"input_ids": m.ids()},
    "idefics": lambda m: {
        "input_ids": m.ids(),
        "pixel_values": m.signal(BATCH, 1, 3, *[m.config.vision_config.image_size] * 2),
        "image_attention_mask": torch.ones(BATCH, LENGTH, 1, dtype=torch.long)},
    "lfm2_vl": lambda m: {"input_ids": m.ids()},
    **_each(
        "gemma4 gemma4_unified embedding_gemma2 glm_image molmo2 deepseek_vl_hybrid "
        "granite_docling kimi_k25 paddleocr_vl muse_glimmer muse_spark video_llama_3 "
        "inkling2 inkling_mm_model neomme unlimited_ocr emu3 voxtral_realtime colpali "
        "colqwen2",
        lambda m: {"input_ids": m.ids()}),
    "muse_spark_audio": lambda m: {"input_values": m.signal(BATCH, 3840)},
    "vibevoice_acoustic_tokenizer_encoder": lambda m: {"hidden_states": m.signal(BATCH, 1, 6400)},
    "vibevoice_acoustic_tokenizer_decoder": lambda m: {
        "hidden_states": m.signal(BATCH, m.config.hidden_size, 4)},
    "videoprism": lambda m: {"input_ids": m.ids(), "pixel_values_videos": m.signal(
        BATCH, m.config.vision_config.num_frames, 3, 64, 64)},
    "dia": lambda m: {"input_ids": m.ids(), "decoder_input_ids": m.ids(BATCH, 4, 9)},
}  # fmt: skip


def _naflex(m: Maker) -> dict[str, Any]:
    patch = m.get("patch_size")
    return {
        "pixel_values": m.signal(BATCH, 16, 3 * patch * patch),
        "pixel_attention_mask": torch.ones(BATCH, 16, dtype=torch.long),
        "spatial_shapes": torch.tensor([[4, 4]] * BATCH),
    }

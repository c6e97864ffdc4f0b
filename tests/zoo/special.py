"""What single model types want beyond the rules: values of their configuration, and inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from small_inputs import BATCH, LENGTH, Maker

_FORWARDLESS = "a container without a forward of its own: its parts are types of their own"

_TIMM = """
edgetam edgetam_vision_model fast_vlm gemma3n gemma3n_vision omdet-turbo pe_audio_video
pe_audio_video_encoder pe_video pe_video_encoder perception_lm timm_backbone
timm_wrapper
"""
_NO_RULE = """
blt chameleon cohere_compass cohere_compass_text colmodernvbert colqwen2 deepseek_ocr2
depth_pro diffusion_gemma edgetam_video efficientloftr ernie4_5_vl_moe
fastspeech2_conformer_with_hifigan fun_asr_nano_encoder gemma3n_audio gemma4_assistant
gemma4_audio gemma4_unified_assistant gemma4_vision granite4_vision granite_speech5_ctc
granite_speech5_encoder hrm_text inkling2_vision instructblip instructblipvideo jev
llama4 llava lw_detr minicpm_ocr_vision minicpmv4_7_vision mllama moonshine_streaming
muse_glimmer_assistant muse_glimmer_vision muse_spark_audio muse_spark_vision musicgen
musicgen_melody nemotron3_5_transcribe_audio nemotron_h_omni neucodec paddleocr_vl pi0
pix2struct pp_doclayout_v2 pp_doclayout_v3 pp_ocrv5_mobile_rec pp_ocrv5_server_det
pp_ocrv6_medium_det pp_ocrv6_small_det qwen3_asr_encoder qwen3_omni_moe qwen4_exp
qwen4_exp_text sam sam2 sam2_hiera_det_model sam2_video sam2_vision_model sam3_tracker
sam3_tracker_video sam3_video sam_hq sapiens2 seggpt speecht5 superglue t5gemma2_encoder
tvp uvdoc vibevoice videoprism videoprism_vision_model voxtral_realtime xcodec xcodec2
"""

# Types that are not built here, and why.
NOT_HERE: dict[str, str] = {
    **dict.fromkeys(_TIMM.split(), "needs the package timm"),
    **dict.fromkeys(_NO_RULE.split(), "no small configuration and inputs are written for it"),
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
_TIME_SERIES = {"prediction_length": 4, "context_length": 12, "lags_sequence": [1, 2, 3],
                "feature_size": ...}

_SUPERPOINT = {"encoder_hidden_sizes": [16, 16, 16, 16], "decoder_hidden_size": 32,
               "keypoint_decoder_dim": 65, "descriptor_decoder_dim": 64}  # fmt: skip
_HIERA = {"embed_dim_per_stage": [16, 16, 32, 64], "hidden_size": 16, "blocks_per_stage": [1, 1, 1, 1],
          "num_attention_heads_per_stage": [1, 1, 2, 4], "global_attention_blocks": [2],
          "window_size_per_stage": [4, 4, 2, 2], "num_attention_heads": 1, "image_size": [64, 64],
          "num_query_pool_stages": 3}

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
    "bamba": {"attn_layer_indices": [1], "mamba_n_heads": 8, "mamba_d_head": 16},
    "falcon_h1": {"mamba_n_heads": 8, "mamba_d_head": 16, "mamba_d_ssm": 128},
    "granitemoehybrid": {"layer_types": ["mamba", "attention"], "mamba_n_heads": 8, "mamba_d_head": 16},
    "mamba2": {"num_heads": 8, "head_dim": 16},
    "nemotron_h": {"n_groups": 1, "mamba_num_heads": 4},
    "nemo_speechlm": {"text_config": {"n_groups": 1, "mamba_num_heads": 4}},
    "esm": {"vocab_size": 160, "pad_token_id": 1, "mask_token_id": 32},
    "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2},
    "deepseek_v2": {"num_experts_per_tok": 2},
    "cohere_compass": {"text_config": {"layer_types": None}},
    "clvp": {n: {"projection_dim": 64, "num_attention_heads": 2, "head_dim": 32,
                 "num_key_value_heads": 2, "max_text_tokens": 64, "max_position_embeddings": 64}
             for n in ("text_config", "speech_config")},
    **dict.fromkeys(["mimi", "mimi_decoder", "mimi_encoder"], {"upsample_groups": 64}),
    "csm": {"codec_config": {"upsample_groups": 64}},
    **dict.fromkeys(["pocket_tts_audio_tokenizer", "pocket_tts_audio_tokenizer_decoder",
                     "pocket_tts_audio_tokenizer_encoder"], {"upsample_groups": 64}),
    "esmc": {"vocab_size": 128},
    "fastspeech2_conformer_with_hifigan": {"model_config": {"vocab_size": 160}},
    "shieldgemma2": {"mm_tokens_per_image": 4, "yes_token_index": 11, "no_token_index": 12},
    **dict.fromkeys(["glm5_next_text"], {"index_topk": 16}),
    "glm5_next": {"text_config": {"index_topk": 16}},
    "gemma4_assistant": {"text_config": {"hidden_size_per_layer_input": 0}},
    "depth_pro": {"patch_size": 32, "scaled_images_ratios": [0.5, 1], 
                  "scaled_images_overlap_ratios": [0.0, 0.25],
                  "scaled_images_feature_dims": [64, 64]},
    "zamba2": {"num_hidden_layers": 3, "layers_block_type": ["mamba", "hybrid", "mamba"],
               "hybrid_layer_ids": [1], "n_mamba_heads": 8, "attention_hidden_size": 128,
               "attention_head_dim": 32, "num_key_value_heads": 4},
    "qwen3_omni_moe": {"talker_config": {"text_config": {"shared_expert_intermediate_size": 32}}},
    "tvp": {"max_img_size": 64, "visual_prompt_size": 16},
    "xlstm": {"qk_dim_factor": 1.0, "v_dim_factor": 1.0},
    "bros": {"dim_bbox_projection": 16, "dim_bbox_sinusoid_emb_2d": 32,
             "dim_bbox_sinusoid_emb_1d": 4},
    "zoedepth": {"bottleneck_features": 64},
    "uvdoc": {},
    "llama4": {"vision_config": {"image_size": 56, "intermediate_size": 256, "vision_output_dim": 64,
                                 "projector_input_dim": 64, "projector_output_dim": 64}},
    **dict.fromkeys(["sam", "sam_hq"], {"prompt_encoder_config": {"hidden_size": 64,
        "image_size": 64, "patch_size": 16, "image_embedding_size": 4, "mask_input_channels": 4}}),
    **{n: {"image_grid_pinpoints": [[112, 112]]} for n in ("llava_next", "llava_next_video",
                                                           "llava_onevision")},
    **dict.fromkeys(["blip-2", "instructblip", "instructblipvideo"], {"image_token_id": 130}),
    **dict.fromkeys(["superpoint"], _SUPERPOINT),
    **dict.fromkeys(["superglue", "lightglue"], {"keypoint_detector_config": _SUPERPOINT}),
    "mistral4": {"head_dim": 32},
    **dict.fromkeys(["sam2_hiera_det_model"], _HIERA),
    "sam2_vision_model": {"backbone_config": _HIERA, "backbone_channel_list": [64, 32, 16, 16]},
    "sam2": {"vision_config": {"backbone_config": _HIERA,
                               "backbone_channel_list": [64, 32, 16, 16]}},
    "blt": {"encoder_hash_byte_group_vocab": 200,
            "encoder_config": {"hidden_size_global": 64, "vocab_size": 260},
            "decoder_config": {"hidden_size_global": 64}, "patcher_config": {}},
    "granite4_vision": {"deepstack_layer_map": [[0, 0]]},
    "t5gemma2_encoder": {"text_config": {"dropout_rate": 0.0}},
    
    "deepseek_ocr2": {"text_config": {"mlp_layer_types": ["dense", "sparse"]}},
    "lw_detr": {"backbone_config": {"out_indices": [1, 2]}, "projector_scale_factors": [1.0]},
    "xcodec": {"acoustic_model_config": {"codebook_dim": 64}},
    "zamba": {"num_hidden_layers": 4, "attention_hidden_size": 128, "attention_head_dim": 32,
              "layers_block_type": ["mamba", "hybrid", "mamba", "hybrid"]},
    "clap": {"audio_config": {"projection_dim": 64, "num_hidden_layers": 4, "hidden_size": 128,
                              "patch_embeds_hidden_size": 16}},
    "pp_doclayout_v2": {"class_thresholds": [0.5] * 20},
    "qwen4_exp_text": {"token_budget": 8, "compress_ratio": 2},
    "qwen4_exp": {"text_config": {"token_budget": 8, "compress_ratio": 2}},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"]},
    "reformer": {"axial_pos_embds_dim": [16, 48], "axial_pos_shape": [4, 8]},
    "seggpt": {"intermediate_hidden_state_indices": [1, 2, 3, 3], "num_hidden_layers": 4,
               "merge_index": 0},
    "dbrx": {"attn_config": {"rope_theta": 10000.0, "clip_qkv": 8.0}},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2,
              "expert_layer_offset": 1, "num_hidden_layers": 2},
    "recurrent_gemma": {"block_types": ["recurrent", "recurrent", "attention"],
                        "num_hidden_layers": 3},
    "emu3": {"vocabulary_map": {"<|extra_200|>": 100, "<image>": 101}},
    "chameleon": {"vocabulary_map": {"<image>": 101} | {
        "IMGIMG" + "".join("ABCDEFGHIJ"[int(digit)] for digit in str(i)) + "Z": 20 + i
        for i in range(64)}},
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
    "t5gemma2": {"encoder": {"mm_tokens_per_image": 4}},
    "aria": {"projector_patch_to_query_dict": {16: 8}},
    "fun_asr_nano": {"adaptor_config": {"intermediate_size": 16}},
    "moonshine": {"encoder_num_key_value_heads": 4, "decoder_num_key_value_heads": 4},
    "xmod": {"default_language": "en_XX"},
    "nemotron": {"num_key_value_heads": 2},
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


def _tiled(m: Maker) -> dict[str, Any]:
    """A picture, or its pieces, in a dimension of their own."""
    from small_inputs import usual, with_placeholders

    side = m.get("image_size", default=64)
    found: dict[str, Any] = {"pixel_values": m.signal(BATCH, 1, 3, side, side)}
    found["input_ids"] = with_placeholders(m, found)
    return found


def _keypoints(m: Maker) -> dict[str, Any]:
    size = (BATCH, 3, 64, 64) if m.config.model_type == "superpoint" else (BATCH, 2, 3, 64, 64)
    return {"pixel_values": m.signal(*size)}


def _anyres(m: Maker) -> dict[str, Any]:
    from small_inputs import with_placeholders

    side = m.get("image_size", default=64)
    found: dict[str, Any] = {"pixel_values": m.signal(BATCH, 5, 3, side, side),
                             "image_sizes": torch.full((BATCH, 2), side)}
    found["input_ids"] = with_placeholders(m, found)
    return found


def _masked_mel(m: Maker) -> dict[str, Any]:
    bins = m.get("num_mel_bins", "input_size", default=80)
    frames = 2 * (m.get("max_source_positions") or 32)
    return {"input_features": m.signal(BATCH, bins, frames),
            "input_features_mask": torch.ones(BATCH, frames, dtype=torch.long)}


INPUTS: dict[str, Callable[[Maker], dict[str, Any]]] = {
    **dict.fromkeys(["autoformer", "informer", "time_series_transformer"], _series),
    **dict.fromkeys(["dac", "encodec", "mimi_encoder", "pe_audio_encoder", "xcodec",
                     "pocket_tts_audio_tokenizer_encoder", "vibevoice_acoustic_tokenizer"],
                    _samples(1)),
    "timesformer": _frames("pixel_values", -8),
    "vivit": _frames("pixel_values", -8),
    "videomae": _frames("pixel_values", -8),
    "vjepa2": _frames("pixel_values_videos", 4),
    "videomt": _frames("pixel_values_videos", 2),
    "videoprism_vision_model": _frames("pixel_values_videos", 4),
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
    "speech_to_text": lambda m: _mel(m) | {"decoder_input_ids": m.ids(BATCH, 4)},
    "speech-encoder-decoder": lambda m: {"input_values": m.signal(BATCH, 3200),
                                         "decoder_input_ids": m.ids(BATCH, 4)},
    "clap": lambda m: {"input_ids": m.ids(), "input_features": m.signal(BATCH, 1, 64, 64),
                       "is_longer": torch.zeros(BATCH, 1, dtype=torch.bool)},
    "siglip2": lambda m: {"input_ids": m.ids(), **_naflex(m)},
    "siglip2_vision_model": lambda m: _naflex(m),
    **dict.fromkeys(["idefics2", "idefics3", "smolvlm", "modernvbert", "ultravbert",
                     "colmodernvbert"], _tiled),
    **dict.fromkeys(["superpoint", "superglue", "lightglue"], _keypoints),
    **dict.fromkeys(["instructblip", "instructblipvideo"], _with(lambda m, f: {
        "qformer_input_ids": m.ids()})),
    **dict.fromkeys(["llava_next", "llava_next_video", "llava_onevision"], _anyres),
    **dict.fromkeys(["audioflamingo3_encoder", "fun_asr_nano_encoder", "glmasr_encoder",
                     "qwen3_asr_encoder", "voxtral_realtime_encoder"], _masked_mel),
    "pp_ocrv5_mobile_rec": lambda m: {"pixel_values": m.signal(BATCH, 3, 48, 64)},
    "llava": _with(lambda m, f: {"image_sizes": None}),
    "video_llama_3_vision": _with(lambda m, f: {"merge_sizes": torch.tensor([2] * BATCH)}),
    **dict.fromkeys(["mimi", "pocket_tts_audio_tokenizer"], _samples(1)),
    "pe_audio": _with(lambda m, f: {"input_values": m.signal(BATCH, 1, 3840)}),
    "mllama": lambda m: {
        "input_ids": m.ids(), "aspect_ratio_ids": torch.ones(BATCH, 1, dtype=torch.long),
        "aspect_ratio_mask": torch.ones(BATCH, 1, 4, dtype=torch.long),
        "pixel_values": m.signal(BATCH, 1, 4, 3, 56, 56),
        "cross_attention_mask": torch.ones(BATCH, LENGTH, 1, 4)},
    "kosmos-2": lambda m: {
        "input_ids": m.ids(BATCH, 80), "pixel_values": m.signal(BATCH, 3, 56, 56),
        "image_embeds_position_mask": (torch.arange(80) < 64).long().repeat(BATCH, 1)},
    "gemma3n_audio": lambda m: {"audio_mel": m.signal(BATCH, 64, 128),
                                "audio_mel_mask": torch.zeros(BATCH, 64, dtype=torch.bool)},
    "seggpt": lambda m: {n: m.signal(BATCH, 3, 64, 64) for n in
                         ("pixel_values", "prompt_pixel_values", "prompt_masks")},
    "kimi_k25_vision": lambda m: {"pixel_values": m.signal(32, 3, 14, 14),
                                  "grid_thw": torch.tensor([[1, 4, 4]] * BATCH)},
    **dict.fromkeys(["pix2struct"], lambda m: {"flattened_patches": m.signal(BATCH, 16, 770),
                                               "decoder_input_ids": m.ids(BATCH, 4)}),
    **dict.fromkeys(["mimi_decoder", "pocket_tts_audio_tokenizer_decoder"], lambda m: {
        "latents": m.signal(BATCH, m.config.hidden_size, 8)}),
    "moss_transcribe_diarize": lambda m: {"input_ids": m.ids()},
    "nemotron_h_omni": lambda m: {"input_ids": m.ids()},
    "fuyu": lambda m: {"input_ids": m.ids()},
    "idefics": lambda m: {
        "input_ids": m.ids(), "pixel_values": m.signal(BATCH, 1, 3, m.config.vision_config.image_size,
                                                       m.config.vision_config.image_size),
        "image_attention_mask": torch.ones(BATCH, LENGTH, 1, dtype=torch.long)},
    "lfm2_vl": lambda m: {"input_ids": m.ids()},
    **dict.fromkeys(["gemma4", "gemma4_unified", "embedding_gemma2", "glm_image", "molmo2",
                     "deepseek_vl_hybrid", "granite_docling", "kimi_k25", "paddleocr_vl",
                     "muse_glimmer", "muse_spark", "video_llama_3", "inkling2",
                     "inkling_mm_model", "neomme", "unlimited_ocr", "emu3", "voxtral_realtime",
                     "colpali", "colqwen2"],
                    lambda m: {"input_ids": m.ids()}),
    "muse_spark_audio": _samples(1, 3840),
    "vibevoice_acoustic_tokenizer_encoder": lambda m: {"hidden_states": m.signal(BATCH, 1, 6400)},
    "vibevoice_acoustic_tokenizer_decoder": lambda m: {
        "hidden_states": m.signal(BATCH, m.config.hidden_size, 4)},
    "videoprism": lambda m: {"input_ids": m.ids(), "pixel_values_videos": m.signal(
        BATCH, m.config.vision_config.num_frames, 3, 72, 72)},
    "dia": lambda m: {"input_ids": m.ids(), "decoder_input_ids": m.ids(BATCH, 4, 9)},
}  # fmt: skip


def _naflex(m: Maker) -> dict[str, Any]:
    patch = m.get("patch_size")
    return {"pixel_values": m.signal(BATCH, 16, 3 * patch * patch),
            "pixel_attention_mask": torch.ones(BATCH, 16, dtype=torch.long),
            "spatial_shapes": torch.tensor([[4, 4]] * BATCH)}

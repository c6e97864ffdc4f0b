"""What single types want in their configurations beyond the rules, and which are not here.

An Ellipsis takes a value out, so that transformers finds it again.
"""

from __future__ import annotations

from typing import Any

_PARTS_ALONE = "a container without a forward of its own: its parts are types of their own"
_TIMM = """
edgetam edgetam_vision_model fast_vlm gemma3n gemma3n_vision omdet-turbo pe_audio_video
pe_audio_video_encoder pe_video pe_video_encoder perception_lm timm_backbone
timm_wrapper
"""
_NO_RULE = """
blt chameleon colmodernvbert deepseek_ocr2 depth_pro diffusion_gemma edgetam_video
efficientloftr ernie4_5_vl_moe fastspeech2_conformer_with_hifigan fun_asr_nano_encoder
gemma4_assistant gemma4_unified_assistant gemma4_vision granite4_vision hrm_text
inkling2_vision instructblipvideo jev lw_detr minicpm_ocr_vision minicpmv4_7_vision
muse_glimmer_assistant muse_glimmer_vision muse_spark_vision neucodec pi0
pp_doclayout_v2 pp_doclayout_v3 pp_ocrv5_mobile_rec pp_ocrv5_server_det
pp_ocrv6_medium_det pp_ocrv6_small_det qwen3_asr_encoder qwen3_omni_moe qwen4_exp
qwen4_exp_text sam2 sam2_hiera_det_model sam2_video sam2_vision_model sam3_tracker
sam3_tracker_video sam3_video sapiens2 superglue tvp uvdoc vibevoice voxtral_realtime
xcodec xcodec2
"""


def _each(names: str, value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict.fromkeys(names.split(), value)


# Types that are not built here, and why.
NOT_HERE: dict[str, str] = {
    **dict.fromkeys(_TIMM.split(), "needs the package timm"),
    **dict.fromkeys(_NO_RULE.split(), "no small configuration and inputs are written for it"),
    "bark": _PARTS_ALONE,
    "qwen2_5_omni": _PARTS_ALONE,
    "glm_image_vqmodel": _PARTS_ALONE,
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
_TIME_SERIES = {
    "prediction_length": 4,
    "context_length": 12,
    "lags_sequence": [1, 2, 3],
    "feature_size": ...,
}

_SUPERPOINT = {"encoder_hidden_sizes": [16, 16, 16, 16], "decoder_hidden_size": 32,
               "keypoint_decoder_dim": 65, "descriptor_decoder_dim": 64}  # fmt: skip
_HIERA = {
    "embed_dim_per_stage": [16, 16, 32, 64],
    "hidden_size": 16,
    "blocks_per_stage": [1, 2, 2, 1],
    "num_attention_heads_per_stage": [1, 1, 2, 4],
    "global_attention_blocks": [2],
    "window_size_per_stage": [8, 4, 4, 2],
    "num_attention_heads": 1,
    "image_size": [128, 128],
    "num_query_pool_stages": 3,
}

_FEW_FILTERS = {"num_filters": 4, "depths": [1, 1, 1, 1, 1, 1, 2]}
_COMPASS = {"layer_types": None, "rope_parameters": {
    "full_attention": {"rope_type": "default", "rope_theta": 10000.0}}}  # fmt: skip

CONFIGS: dict[str, dict[str, Any]] = {
    **_each("detr conditional_detr dab-detr table-transformer", _DETR),
    "deformable_detr": _DETR | {
        "backbone_config": _RESNET | {"out_features": ["stage2", "stage3", "stage4"]},
        "num_feature_levels": 4,
    },
    **_each("glm4v_text glm_ocr_text glm_image_text qwen2_5_vl_text qwen2_vl_text", _M2),
    "glm4v_moe_text": _M4,
    **{n: {"text_config": _M2} for n in
       ("glm4v", "glm46v", "glm_ocr", "glmga", "glm_image", "qwen2_vl", "qwen2_5_vl",
        "qwen2_5_omni_thinker", "hunyuan_vl")},
    "glm4v_moe": {"text_config": _M4},
    "hunyuan_vl_text": _M2,
    **_each("autoformer informer time_series_transformer", _TIME_SERIES),
    "bamba": {"attn_layer_indices": [1], "mamba_n_heads": 8, "mamba_d_head": 16},
    "falcon_h1": {"mamba_n_heads": 8, "mamba_d_head": 16, "mamba_d_ssm": 128},
    "granitemoehybrid": {"layer_types": ["mamba", "attention"],
                         "mamba_n_heads": 8, "mamba_d_head": 16},
    "mamba2": {"num_heads": 8, "head_dim": 16},
    "nemotron_h": {"n_groups": 1, "mamba_num_heads": 4},
    "nemo_speechlm": {"text_config": {"n_groups": 1, "mamba_num_heads": 4}},
    "esm": {"vocab_size": 160, "pad_token_id": 1, "mask_token_id": 32},
    "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2},
    "deepseek_v2": {"num_experts_per_tok": 2},
    "clvp": {n: {"projection_dim": 64, "num_attention_heads": 2, "head_dim": 32,
                 "num_key_value_heads": 2, "max_text_tokens": 64, "max_position_embeddings": 64}
             for n in ("text_config", "speech_config")},
    **_each("mimi mimi_decoder mimi_encoder", {"upsample_groups": 64}),
    "csm": {"codec_config": {"upsample_groups": 64}},
    **_each("pocket_tts_audio_tokenizer pocket_tts_audio_tokenizer_decoder "
            "pocket_tts_audio_tokenizer_encoder", {"upsample_groups": 64}),
    "esmc": {"vocab_size": 128},
    "fastspeech2_conformer_with_hifigan": {"model_config": {"vocab_size": 160}},
    "shieldgemma2": {"mm_tokens_per_image": 4, "yes_token_index": 11, "no_token_index": 12},
    "glm5_next_text": {"index_topk": 16},
    "glm5_next": {"text_config": {"index_topk": 16}},
    "gemma4_assistant": {"text_config": {"hidden_size_per_layer_input": 0}},
    "depth_pro": {"patch_size": 32, "scaled_images_ratios": [0.5, 1],
                  "scaled_images_overlap_ratios": [0.0, 0.25],
                  "scaled_images_feature_dims": [64, 64]},
    "zamba2": {"num_hidden_layers": 3, "layers_block_type": ["mamba", "hybrid", "mamba"],
               "hybrid_layer_ids": [1], "n_mamba_heads": 8, "attention_hidden_size": 128,
               "attention_head_dim": 32, "num_key_value_heads": 4},
    "qwen3_omni_moe": {"talker_config": {"text_config": {"shared_expert_intermediate_size": 32}}},
    "xlstm": {"qk_dim_factor": 1.0, "v_dim_factor": 1.0},
    "bros": {"dim_bbox_projection": 16, "dim_bbox_sinusoid_emb_2d": 32,
             "dim_bbox_sinusoid_emb_1d": 4},
    "zoedepth": {"bottleneck_features": 64},
    "llama4": {"vision_config": {"image_size": 56, "intermediate_size": 256,
                                 "vision_output_dim": 64, "projector_input_dim": 64,
                                 "projector_output_dim": 64}},
    **_each("sam sam_hq", {"prompt_encoder_config": {"hidden_size": 64,
        "image_size": 64, "patch_size": 16, "image_embedding_size": 4, "mask_input_channels": 4},
        "vision_config": {"num_pos_feats": 32}}),
    **{n: {"image_grid_pinpoints": [[112, 112]]} for n in ("llava_next", "llava_next_video",
                                                           "llava_onevision")},
    **_each("blip-2 instructblip instructblipvideo", {"image_token_id": 130}),
    **_each("superpoint", _SUPERPOINT),
    **_each("superglue lightglue", {"keypoint_detector_config": _SUPERPOINT}),
    "mistral4": {"head_dim": 32},
    **_each("sam2_hiera_det_model", _HIERA),
    "sam2_vision_model": {"backbone_config": _HIERA, "backbone_channel_list": [64, 32, 16, 16]},
    "sam2": {"vision_config": {"backbone_config": _HIERA,
                               "backbone_channel_list": [64, 32, 16, 16]}},
    "blt": {"encoder_hash_byte_group_vocab": 200,
            "encoder_config": {"hidden_size_global": 64, "vocab_size": 260},
            "decoder_config": {"hidden_size_global": 64}, "patcher_config": {}},
    **_each("vibevoice_acoustic_tokenizer vibevoice_acoustic_tokenizer_encoder "
            "vibevoice_acoustic_tokenizer_decoder", _FEW_FILTERS),
    "vibevoice_asr": {"acoustic_tokenizer_encoder_config": _FEW_FILTERS,
                      "semantic_tokenizer_encoder_config": _FEW_FILTERS},
    "mllama": {"vision_config": {"vision_output_dim": 384}},
    "moonshine_streaming": {"num_key_value_heads": 4},
    "seggpt": {"image_size": [128, 64], "num_hidden_layers": 4, "merge_index": 0,
               "intermediate_hidden_state_indices": [1, 2, 3, 3]},
    "tvp": {"max_img_size": 64, "visual_prompt_size": 16, "num_frames": 4},
    "cohere_compass_text": _COMPASS,
    "cohere_compass": {"text_config": _COMPASS},
    "t5gemma2_encoder": {"text_config": {"dropout_rate": 0.0}, "mm_tokens_per_image": 4},
    "nemotron_h_omni": {"text_config": {"n_groups": 1, "mamba_num_heads": 4}},
    "colqwen2": {"vlm_config": {"text_config": _M2}},
    "paddleocr_vl": {"text_config": _M2},
    "granite4_vision": {"downsample_rate": "1/2", "deepstack_layer_map": [[0, 0]]},
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
    "reformer": {"axial_pos_embds_dim": [16, 48], "axial_pos_shape": [3, 4]},
    "dbrx": {"attn_config": {"rope_theta": 10000.0, "clip_qkv": 8.0}},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2,
              "expert_layer_offset": 1, "num_hidden_layers": 2},
    "recurrent_gemma": {"block_types": ["recurrent", "recurrent", "attention"],
                        "num_hidden_layers": 3},
    "emu3": {"vocabulary_map": {"<|extra_200|>": 100, "<image>": 101}},
    "chameleon": {"vocabulary_map": {"<image>": 101} | {
        "IMGIMG" + "".join("ABCDEFGHIJ"[int(digit)] for digit in str(i)) + "Z": 20 + i
        for i in range(64)}},
    "gemma3n_text": {"num_kv_shared_layers": 0},
    "mobilebert": {"true_hidden_size": 64, "intra_bottleneck_size": 64, "hidden_size": 64,
                   "embedding_size": 64},
    "layoutlmv3": {"coordinate_size": 11, "shape_size": 10},
    "lilt": {"max_2d_position_embeddings": 128, "hidden_size": 48, "head_dim": 12},
    "step3p7": {"text_config": {"sliding_window": 8}},
    "align": {"vision_config": {"hidden_dim": 320, "width_coefficient": 1.0,
                                "depth_coefficient": 0.4}, "projection_dim": 320},
    **_each("resnet rt_detr_resnet", {"embedding_size": 16, "hidden_sizes": [16, 32, 64, 128]}),
    **_each("convnext convnextv2 dinov3_convnext", {"hidden_sizes": [16, 32, 64, 128]}),
    "bit": {"embedding_size": 16, "hidden_sizes": [32, 64, 128, 256], "num_groups": 8},
    "efficientnet": {"hidden_dim": 1280, "width_coefficient": 1.0, "depth_coefficient": 0.4},
    "florence2": {"vision_config": {"embed_dim": [16, 32, 64, 64], "num_heads": [2, 4, 4, 4],
                                    "num_groups": [2, 4, 4, 4]}},
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

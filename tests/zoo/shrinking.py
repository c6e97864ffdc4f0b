"""Small configurations of transformers: each number of a default one that makes work, shrunk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = 64
HEADS = 4
KEY_VALUE_HEADS = 2
HEAD_DIM = HIDDEN // HEADS
INNER = 96  # of a feed-forward network
VOCABULARY = 160  # the last 40 are for the placeholders and marks of a model
_FIRST_MARK = 120
LAYERS = 2

# By the name of a value, the first that matches whole; a function of the default value.
_RULES: list[tuple[str, Any]] = [
    (r"num_feat_extract_layers|.*downsampling.*", lambda v: v),
    (r"(bos|eos|pad|unk|sep|cls|mask)_(token_)?id", None),
    (r".*(token|start|end|image|patch|newline)_(id|index|idx)s?", None),
    (r"(.*_)?vocab_size(_.*)?|n_vocab|.*vocabulary_size", lambda v: min(v, VOCABULARY)),
    (r"codebook_size|num_embeddings|num_embeds", lambda v: min(v, 64)),
    (r"(num_)?(key_value|kv|k_v)_heads|.*num_key_value_heads|num_kv_heads|n_kv_heads|kv_n_heads"
     r"|num_key_value_attention_heads", lambda v: min(v, KEY_VALUE_HEADS)),
    (r"linear_num_key_heads", 2),
    (r"linear_num_value_heads|linear_num_heads", HEADS),
    (r"(.*_)?(num_attention_heads|attention_heads|n_heads?|num_heads|num_self_attention_heads"
     r"|num_cross_attention_heads|heads)", lambda v: min(v, HEADS)),
    (r"(mamba|conf|num|n)_?(mamba)?_?n?_?heads", lambda v: min(v, HEADS)),
    (r"qk_nope_head_dim|qk_rope_head_dim", HEAD_DIM),
    (r"qk_head_dim|index_head_dim", 2 * HEAD_DIM),
    (r"swa_head_dim|(.*_)?head_dim|d_kv|d_head|dim_head"
     r"|mamba_d_head|mamba_headdim|attention_head_size|kv_channels|head_size",
     lambda v: min(v, HEAD_DIM) if v > 0 else v),
    (r"kv_lora_rank|q_lora_rank|o_lora_rank|.*_rank", lambda v: min(v, 16)),
    (r"n_routed_experts|num_experts|num_local_experts|moe_num_experts|(.*_)?num_experts",
     lambda v: min(v, 4)),
    (r"num_experts_per_tok(en)?|moe_top_?k|top_?k|moe_k|.*experts_per_tok(en)?",
     lambda v: min(v, 2)),
    (r"n_group|topk_group|num_expert_group", lambda v: min(v, 1)),
    (r"n_shared_experts|num_shared_experts|moe_num_shared_experts", lambda v: min(v, 1)),
    (r"first_k_dense_replace|num_dense_layers", lambda v: min(v, 1)),
    (r"(num_)?(hidden_|encoder_|decoder_)?layers?|n_layers?|depth|.*_num_layers|num_.*_layers"
     r"|.*num_hidden_layers|.*_(encoder|decoder)_layers|[lxr]_layers|.*_depth|num_blocks"
     r"|(encoder|decoder)_layers|.*_n_layers?|max_window_layers|num_blocks_per_group"
     r"|num_self_attends_per_block", lambda v: min(v, LAYERS)),
    (r".*intermediate_(size|dim)(_.*)?|ffn_dim|.*_ffn_dim|mlp_dim|d_ff|dff|dim_ff|n_inner|d_inner"
     r"|ffn_hidden_size|expert_ffn_hidden_size|.*feed_?forward(_hidden)?_(size|dim)"
     r"|dim_feedforward|.*linear_units|block_ff_dim|.*mlp_hidden_size|share_expert_dim",
     lambda v: min(v, INNER)),
    (r"(max|n)_(position(_embedding)?s|2d_position_embeddings)|max_seq_len|seq_len|n_ctx"
     r"|context_length|max_length|.*max_position_embeddings", lambda v: min(v, 512)),
    (r"max_source_positions", lambda v: min(v, 32)),
    (r"num_queries|num_detection_tokens|two_stage_num_proposals|num_query_tokens|num_latents"
     r"|num_denoising", lambda v: min(v, 10)),
    (r"sliding_window(_size)?|attention_window_size|.*_window_len|local_attention|index_topk",
     lambda v: min(v, 8)),
    (r"train_num_points", 64),
    (r"conv_pos_.*|num_conv_pos_embeddings", lambda v: min(v, 16)),
    (r"num_conv_pos_embedding_groups|num_codevectors_per_group", lambda v: min(v, 4)),
    (r"chunk_size|mamba_chunk_size", lambda v: min(v, 8) if v > 0 else v),
    (r"(.*_)?d_state|state_size|ssm_state_size", lambda v: min(v, 16)),
    (r"rotary_dim", HEAD_DIM),
    (r"crop_size|img_size|image_size|resolution|patch_size|spec_size|.*_patch_size", lambda v: v),
    (r".*positions?_embedding.*|num_position_embeddings|.*_token_num|max_num_patches"
     r"|.*positions?", lambda v: v),
    (r"(hidden_size|d_model|n_embd|dim|embed_dim|emb_dim|encoder_hidden_dim|hidden_dim|width)",
     lambda v: HIDDEN if v > 16 else v),
    (r".*(hidden|embed(ding|s)?|proj(ection|ector)?|channels?|feat(ure)?s?|model|output|out|in"
     r"|input|latent|query|codebook|key|units|decoder|mask|vision|text|audio)_?(_in|_out)?"
     r"(_size|_dims?|_channels|_features|_units|_dimension)", lambda v: min(v, HIDDEN)),
    (r"lru_width|d_latents|d_embed|conv_dim|filter_size|fpn_.*size|.*_dim|.*_channels",
     lambda v: min(v, HIDDEN)),
]  # fmt: skip
_COMPILED = [(re.compile(pattern), rule) for pattern, rule in _RULES]
_LAYER_COUNTS = ("num_hidden_layers", "n_layers", "n_layer", "num_layers", "depth")
_INDICES = re.compile(
    r"out_indices|.*_ind(ex|ic)(es|s)|global_attn_indexes|.*_(block|layer)s?_(indexes|ids|indices)"
    r"|vision_feature_layer|cross_attention_layers|mlp_only_layers|.*_layers|target_layer_ids"
    r"|extract_layers|full_attn_idxs|hybrid_layer_ids|global_attention_blocks"
)
_LEFT_OUT = ("_name", "per_layer_config", "out_features", "out_indices", "stage_names",
             "_out_features", "_out_indices")  # fmt: skip
_KEPT = ("id2label", "label2id", "transformers_version", "model_type")


class Marks:
    """Small ids for the placeholders and marks of a model: one name, one id, in all its parts."""

    def __init__(self) -> None:
        self._ids: dict[int, int] = {}

    def small(self, value: int) -> int:
        """The id in place of `value`: itself where it fits."""
        if value < _FIRST_MARK:
            return value
        return self._ids.setdefault(value, _FIRST_MARK + len(self._ids) % 40)


def shrunk(values: Mapping[str, Any], marks: Marks | None = None) -> dict[str, Any]:
    """The configuration `values` (of `to_dict()`) with everything in it made small."""
    marks = marks or Marks()
    found = {
        name: _small(name, value, marks) for name, value in values.items() if name not in _LEFT_OUT
    }
    heads = values.get("num_attention_heads")
    if values.get("num_key_value_heads") in (heads, None) and "num_key_value_heads" in values:
        found["num_key_value_heads"] = found.get("num_attention_heads", HEADS)
    if found.get("head_dim", 0) is None:
        found["head_dim"] = HEAD_DIM
    if "depths" in values:
        _stages(values, found)
    else:
        _layers(values, found)
    _images(values, found)
    _rope(found)
    return found


def _small(name: str, value: Any, marks: Marks) -> Any:
    if name in _KEPT or value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Mapping):
        return shrunk(value, marks) if "model_type" in value else value
    if isinstance(value, int):
        return _number(name, value, marks)
    if isinstance(value, list) and value and all(type(each) is int for each in value):
        if name == "conv_dim":
            return [min(each, 16) for each in value]
        if len(set(value)) == 1 and value[0] > HIDDEN and name.endswith("channels"):
            return [HIDDEN] * len(value)
        if re.fullmatch(r".*token_(id|index)s?", name):
            return [marks.small(each) for each in value]
    return value


def _number(name: str, value: int, marks: Marks) -> int:
    for pattern, rule in _COMPILED:
        if pattern.fullmatch(name):
            if rule is None:
                return marks.small(value)
            return int(rule(value)) if callable(rule) else min(value, rule)
    return value


def _layers(values: Mapping[str, Any], found: dict[str, Any]) -> None:
    """As few layers as show each kind, and lists that hold one value a layer cut to these."""
    count_name = next((n for n in _LAYER_COUNTS if isinstance(values.get(n), int)), None)
    if count_name is None:
        return
    count = int(values[count_name])
    kinds = [
        value
        for name, value in values.items()
        if isinstance(value, list) and len(value) == count and count > 1
    ]
    kept: list[int] = []
    seen: set[Any] = set()
    for index in range(count):
        kind = repr([value[index] for value in kinds if isinstance(value[index], str)])
        if kind not in seen:
            seen.add(kind)
            kept.append(index)
    for index in range(count):
        if len(kept) >= LAYERS:
            break
        if index not in kept:
            kept.append(index)
    kept = sorted(kept)[:4]
    taken = values.get("out_features")
    if isinstance(taken, list) and len(taken) > 1 and count > 4:
        kept = sorted({*kept, *range(len(taken))})
        found["out_indices"] = list(range(1, len(taken) + 1))
    indices = [
        name
        for name, value in values.items()
        if _INDICES.fullmatch(name)
        and isinstance(value, list)
        and len(value) != count
        and all(type(each) is int for each in value)
    ]
    most = max([len(kept), *(len(values[name]) for name in indices)])
    for index in range(count):
        if len(kept) >= min(most, 6):
            break
        if index not in kept:
            kept.append(index)
    kept.sort()
    for name, value in values.items():
        if isinstance(value, list) and len(value) == count and count > 1:
            found[name] = [value[index] for index in kept]
    for name in indices:
        found[name] = _indices(values[name], len(kept), count)
    for name in _LAYER_COUNTS:
        if isinstance(values.get(name), int) and values[name] == count:
            found[name] = len(kept)


def _stages(values: Mapping[str, Any], found: dict[str, Any]) -> None:
    """Every stage, with a layer or two."""
    depths = values["depths"]
    if isinstance(depths, list):
        found["depths"] = [min(each, LAYERS) for each in depths]
    for name in _LAYER_COUNTS:
        if name in values:
            found[name] = values[name]
    for name in ("out_features", "out_indices"):
        if values.get(name):
            found[name] = values[name]
    heads = values.get("num_heads")
    if isinstance(heads, list) and isinstance(values.get("embed_dim"), int):
        found["embed_dim"] = 16 * heads[0]
        if isinstance(values.get("window_size"), int):
            found["window_size"] = 2  # at most the side of the last stage
        found.pop("hidden_size", None)


def _indices(value: list[int], layers: int, count: int) -> list[int]:
    chosen: list[int] = []
    free = layers if max(value, default=0) >= count else layers - 1
    for each in value:
        if each < 0:
            chosen.append(max(each, -layers))
            continue
        small = min(each, free)
        while small in chosen and small > 0:
            small -= 1
        chosen.append(small)
    return sorted(chosen) if sorted(value) == value else chosen


def _images(values: Mapping[str, Any], found: dict[str, Any]) -> None:
    """Images of four by four patches, or of 64 pixels for what halves them stage by stage."""
    size, patch = values.get("image_size"), values.get("patch_size")
    is_staged = any(name in values for name in ("depths", "stage_names", "embed_dims", "sr_ratios"))
    if isinstance(patch, list | tuple) and patch and isinstance(patch[0], int):
        patch = patch[-1]
    side = 4 * patch if isinstance(patch, int) and not is_staged and patch > 4 else 64
    if isinstance(size, int) and not isinstance(size, bool):
        found["image_size"] = min(size, side)
    elif isinstance(size, list | tuple) and size and isinstance(size[0], int):
        found["image_size"] = [min(each, side) for each in size]


def _rope(found: dict[str, Any]) -> None:
    """Sections of a rotary embedding in proportion to the smaller heads."""
    rope = found.get("rope_parameters")
    if not isinstance(rope, Mapping):
        return
    heads = next((found[n] for n in _HEADS_OF_ROPE if isinstance(found.get(n), int)), HEADS)
    width = found.get("head_dim") or found.get("hidden_size", HIDDEN) // heads
    found["rope_parameters"] = _sections(rope, int(width))


_HEADS_OF_ROPE = ("num_attention_heads", "num_heads", "n_head")


def _sections(rope: Mapping[str, Any], width: int) -> dict[str, Any]:
    small = {n: _sections(v, width) if isinstance(v, Mapping) else v for n, v in rope.items()}
    if isinstance(rope.get("mrope_section"), list):
        half = int(width * float(rope.get("partial_rotary_factor", 1.0))) // 2
        parts = len(rope["mrope_section"])
        small["mrope_section"] = [half - (parts - 1) * (half // parts)] + [half // parts] * (
            parts - 1
        )
    return small

"""Small models of timm and diffusers, ten each, with weights that are not fetched.

Both are optional. timm imports torchvision, whose compiled half does not load beside a torch that
was built for CPUs alone: the operator that it would bring is declared here, and never called.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

_TIMM = (
    "resnet18", "vit_tiny_patch16_224", "mobilenetv3_small_050", "efficientnet_lite0",
    "convnext_atto", "deit_tiny_patch16_224", "mixer_s32_224", "regnetx_002", "mobilevit_xxs",
    "swin_tiny_patch4_window7_224",
)  # fmt: skip
_BLOCKS = {"block_out_channels": (32, 64), "layers_per_block": 1, "norm_num_groups": 8}
_DIT = {"num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 2, "in_channels": 4,
        "patch_size": 2}  # fmt: skip


def _signal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def _step() -> dict[str, torch.Tensor]:
    return {"timestep": torch.tensor([10, 20])}


# Class, configuration, inputs.
_DIFFUSERS: dict[str, tuple[dict[str, Any], Callable[[], dict[str, Any]]]] = {
    "UNet2DModel": (
        {**_BLOCKS, "sample_size": 16, "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
         "up_block_types": ("AttnUpBlock2D", "UpBlock2D"), "attention_head_dim": 8},
        lambda: {"sample": _signal(2, 3, 16, 16), **_step()},
    ),
    "UNet2DConditionModel": (
        {**_BLOCKS, "sample_size": 16, "cross_attention_dim": 32, "attention_head_dim": 4,
         "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
         "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D")},
        lambda: {"sample": _signal(2, 4, 16, 16), **_step(),
                 "encoder_hidden_states": _signal(2, 6, 32)},
    ),
    "AutoencoderKL": (
        {**_BLOCKS, "down_block_types": ("DownEncoderBlock2D",) * 2,
         "up_block_types": ("UpDecoderBlock2D",) * 2},
        lambda: {"sample": _signal(2, 3, 16, 16)},
    ),
    "VQModel": (
        {**_BLOCKS, "down_block_types": ("DownEncoderBlock2D",) * 2,
         "up_block_types": ("UpDecoderBlock2D",) * 2, "num_vq_embeddings": 32},
        lambda: {"sample": _signal(2, 3, 16, 16)},
    ),
    "DiTTransformer2DModel": (
        {**_DIT, "sample_size": 8, "num_embeds_ada_norm": 100, "norm_type": "ada_norm_zero",
         "norm_elementwise_affine": False, "out_channels": 8},
        lambda: {"hidden_states": _signal(2, 4, 8, 8), **_step(),
                 "class_labels": torch.tensor([1, 2])},
    ),
    "SD3Transformer2DModel": (
        {**_DIT, "sample_size": 8, "joint_attention_dim": 32, "caption_projection_dim": 32,
         "pooled_projection_dim": 16, "pos_embed_max_size": 16},
        lambda: {"hidden_states": _signal(2, 4, 8, 8), "encoder_hidden_states": _signal(2, 6, 32),
                 "pooled_projections": _signal(2, 16), **_step()},
    ),
    "FluxTransformer2DModel": (
        {"patch_size": 1, "in_channels": 4, "num_layers": 1, "num_single_layers": 1,
         "attention_head_dim": 16, "num_attention_heads": 2, "joint_attention_dim": 32,
         "pooled_projection_dim": 16, "axes_dims_rope": (4, 4, 8)},
        lambda: {"hidden_states": _signal(2, 16, 4), "encoder_hidden_states": _signal(2, 6, 32),
                 "pooled_projections": _signal(2, 16), "timestep": torch.tensor([0.1, 0.2]),
                 "img_ids": torch.zeros(16, 3), "txt_ids": torch.zeros(6, 3)},
    ),
    "PixArtTransformer2DModel": (
        {**_DIT, "sample_size": 8, "cross_attention_dim": 32, "caption_channels": 24,
         "num_embeds_ada_norm": 100, "out_channels": 8, "use_additional_conditions": False},
        lambda: {"hidden_states": _signal(2, 4, 8, 8), "encoder_hidden_states": _signal(2, 6, 24),
                 "added_cond_kwargs": {"resolution": None, "aspect_ratio": None}, **_step()},
    ),
    "PriorTransformer": (
        {"num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 2, "embedding_dim": 16,
         "num_embeddings": 6, "additional_embeddings": 4},
        lambda: {"hidden_states": _signal(2, 16), **_step(), "proj_embedding": _signal(2, 16),
                 "encoder_hidden_states": _signal(2, 6, 16)},
    ),
    "ControlNetModel": (
        {**_BLOCKS, "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
         "cross_attention_dim": 32, "attention_head_dim": 4,
         "conditioning_embedding_out_channels": (16, 32)},
        lambda: {"sample": _signal(2, 4, 16, 16), **_step(),
                 "encoder_hidden_states": _signal(2, 6, 32),
                 "controlnet_cond": _signal(2, 3, 32, 32)},
    ),
}  # fmt: skip


def _is_here(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _all() -> dict[str, str]:
    """The package of each model."""
    return {f"timm/{name}": "timm" for name in _TIMM} | {
        f"diffusers/{name}": "diffusers" for name in _DIFFUSERS
    }


def names() -> list[str]:
    """The models whose package is installed."""
    return [name for name, package in _all().items() if _is_here(package)]


def missing() -> dict[str, str]:
    """The others, and why."""
    return {
        name: f"the package {package} is not installed"
        for name, package in _all().items()
        if not _is_here(package)
    }


def build(name: str) -> nn.Module:
    """A small model in evaluation mode, with a fixed seed."""
    package, _, model = name.partition("/")
    module: Any = importlib.import_module(package)
    torch.manual_seed(0)
    if package == "timm":
        return module.create_model(model, pretrained=False, num_classes=10).eval()
    configuration, _ = _DIFFUSERS[model]
    return getattr(module, model)(**configuration).eval()


def call(name: str, model: nn.Module) -> dict[str, Any]:
    """Keyword arguments of one real call."""
    package, _, model_name = name.partition("/")
    if package == "diffusers":
        return _DIFFUSERS[model_name][1]()
    side = 224 if "224" in model_name else 64
    return {"x": _signal(2, 3, side, side)}


def _declare_torchvision() -> Any:
    """The operators of torchvision's compiled half, where it is here and cannot be loaded."""
    place = importlib.util.find_spec("torchvision")
    if place is None or place.origin is None:
        return None
    try:
        for library in Path(place.origin).parent.glob("_C*.so"):
            torch.ops.load_library(str(library))
    except OSError:
        declared = torch.library.Library("torchvision", "DEF")
        declared.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        declared.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return declared
    return None


_DECLARED = _declare_torchvision()  # before transformers, which imports torchvision where it is

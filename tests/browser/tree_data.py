"""Reports for the browser tests, as JSON."""

from __future__ import annotations

from typing import Any


def energy_node(path: str, class_name: str, joules: float, children: Any = (), **more: Any) -> Any:
    """A node of the report's JSON."""
    children = list(children)
    below = sum(child["energy"]["joules"] for child in children)
    return {
        "path": path,
        "type": "module" if children else "ml",
        "class_name": class_name,
        "primitive": None,
        "energy": {
            "joules": joules,
            "low": 0.9 * joules,
            "high": 1.2 * joules,
            "source": "predicted",
        },
        "own_joules": joules - below,
        "features": {"num_parameters": 1000, "flops": 2e9, "bytes": 4096.0, "calls": 2},
        "flags": [],
        "children": children,
    } | more


def energy_report(root: Any, **more: Any) -> dict[str, Any]:
    """A report's JSON around `root`."""
    return {
        "schema_version": 1,
        "kind": "irene.energy",
        "mode": "measure",
        "created": "2026-01-01T00:00:00+00:00",
        "total_joules": root["energy"]["joules"] if root else 0.0,
        "root": root,
        "not_run": [],
        "runs": [],
        "device": {"name": "gtx1080ti", "label": "GTX 1080 Ti PC", "kind": "reference"},
        "resources": None,
        "notes": [],
        "versions": {},
    } | more


def small_report() -> dict[str, Any]:
    """A model with embeddings, three alike layers and a head; another one that was not run."""
    layers = [
        energy_node(
            f"encoder.layer.{index}",
            "BertLayer",
            3.0,
            [
                energy_node(f"encoder.layer.{index}.attention", "BertAttention", 2.0),
                energy_node(f"encoder.layer.{index}.output", "Linear", 0.75),
            ],
        )
        for index in range(3)
    ]
    flags = ["estimated: no profile fits Embedding", "extrapolated: larger than any in training"]
    root = energy_node(
        "",
        "BertModel",
        10.0,
        [
            energy_node("embeddings", "Embedding", 0.25, flags=flags),
            energy_node("encoder", "BertEncoder", 9.25, layers),
            energy_node("pooler", "Linear", 0.25),
        ],
        type="model",
    )
    other = energy_node("gpt2", "GPT2Model", 20.0, [energy_node("gpt2.wte", "Embedding", 1.0)])
    run = {
        "model": "BertModel",
        "phase": None,
        "status": "run",
        "calls": 2,
        "seconds": 0.5,
        "batch_size": 8,
        "seq_len": 128,
        "input_shapes": [[8, 128]],
        "joules": 10.0,
        "signature": "b8 s128",
    }
    note = "GPT2Model was built but never called"
    return energy_report(root, not_run=[other], runs=[run], notes=[note])


def large_report(count: int = 300) -> dict[str, Any]:
    """Ten nodes a block and a root, 3,001 in all: none like another."""
    blocks = [
        energy_node(
            f"block{index}",
            f"Block{index}",
            1.0,
            [energy_node(f"block{index}.leaf{leaf}", f"Leaf{leaf}", 0.1) for leaf in range(9)],
        )
        for index in range(count)
    ]
    return energy_report(energy_node("", "Large", float(count), blocks, type="model"))


def hostile_report() -> dict[str, Any]:
    """Names that would be markup, turn the line around, or fill the screen."""
    image = "<img src=x onerror=window.harmed=1>"
    root = energy_node(
        "",
        f"</div>{image}",
        4.0,
        [
            energy_node(image, image, 1.0, flags=[f"estimated: {image}", image]),
            energy_node("\u202emodel\u202d\u2066", "RightToLeft", 1.0),
            energy_node("x" * 10_000, "y" * 10_000, 1.0),
            energy_node("__proto__", "constructor", 1.0),
        ],
        type="model",
    )
    device = {"name": image, "label": image, "kind": "reference"}
    part = {"name": image, "kind": "backward", "seconds": 1.0, "joules": None}
    phase = {"phase": image, "model": image, "calls": 1, "tokens": 1, "joules": 1.0, "root": root}
    observer = {"stages": {image: 1.0}, "during_seconds": 1.0, "percent": 1.0}
    table = {"columns": [image], "rows": [[image]], "legend": image}
    said = {"joules": 4.0, "source": "predicted", "title": image, "provenance": image}
    said |= {"interval": image, "flags": [[image, image]], "lines": [image]}
    return energy_report(
        root, notes=[image], device=device, parts=[part], phases=[phase], observer=observer,
        said=said | {"phases": table, "parts": table},
    )  # fmt: skip

"""The products in recorded trees are those that torch itself counts; see `product_flops.py`.

A sample; the scheduled target `tests/zoo/measure_all.py` is over all model types.
"""

from __future__ import annotations

import pytest
import torch
import zoo
from product_flops import compared


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("name", sorted(zoo.CONFIGS))
def test_products_of_transformers_models_are_as_torch_counts_them(name: str, attention: str):
    if name == "mamba":
        attention = None
    try:
        model = zoo.build(name, attention)
    except ValueError as error:  # transformers has no such attention for it
        pytest.skip(str(error)[:80])
    found = compared(model, zoo.inputs(name, model))
    assert found.error < 1e-9
    assert found.flags == ()


@pytest.mark.parametrize("name", sorted(zoo.LAYERS))
def test_products_of_torchs_own_layers_are_as_torch_counts_them(name: str):
    model = zoo.build(name)
    found = compared(model, zoo.inputs(name, model))
    if name == "lstm":  # one kernel, for which torch's counter has no formula
        assert found.counted == 0
        return
    assert found.error < 1e-9


def test_the_comparison_would_find_a_difference():
    class Twice(torch.nn.Linear):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            with torch._C.DisableTorchFunction():  # unseen by the recording
                super().forward(inputs)
            return super().forward(inputs)

    found = compared(torch.nn.Sequential(Twice(8, 8)), {"input": torch.ones(4, 8)})
    assert found.counted == 2 * found.recorded
    assert found.error == 0.5

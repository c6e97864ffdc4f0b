"""What a cell leaves behind is what it leaves without `%%energy`, to the last bit."""

from __future__ import annotations

import pytest

SETUP = """
import random, hashlib, io
import numpy as np
import transformers as hf
config = hf.LlamaConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, vocab_size=100)

def fresh():
    global llama, cache, train, optimiser
    torch.manual_seed(1); np.random.seed(1); random.seed(1)
    llama = hf.LlamaForCausalLM(config).eval()
    cache = hf.DynamicCache(config=config)
    train = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)).train()
    optimiser = torch.optim.Adam(train.parameters())

def digest(*values):
    stream = io.BytesIO()
    torch.save(values, stream)
    return hashlib.sha256(stream.getvalue()).hexdigest()

def state():
    keys = [layer.keys for layer in cache.layers] + [layer.values for layer in cache.layers]
    return {
        "cache": (cache.get_seq_length(), [k.double().sum().item() for k in keys if k is not None]),
        "weights": [v.double().sum().item() for v in train.state_dict().values()],
        "steps": [v.item() for s in optimiser.state.values() for k, v in s.items() if k == "step"],
        "mode": (train.training, llama.training, torch.is_grad_enabled()),
        "grad": [p.grad.double().sum().item() for p in train.parameters()],
        "rng": digest(torch.get_rng_state()),
        "numpy": float(np.random.rand()),
        "python": random.random(),
        "out": out.double().sum().item(),
        "next": torch.rand(1).item(),
    }
"""
CELLS = {
    "cache": (
        "with torch.no_grad():\n"
        "    out = llama(torch.ones(1, 5, dtype=torch.long), past_key_values=cache).logits\n"
        "    out = llama(torch.ones(1, 1, dtype=torch.long), past_key_values=cache).logits\n"
        "    train(torch.ones(4, 8))\n"
        "train(torch.ones(4, 8)).sum().backward()"
    ),
    "training": (
        "for _ in range(3):\n"
        "    optimiser.zero_grad()\n"
        "    out = train(torch.randn(4, 8))\n"
        "    out.pow(2).sum().backward()\n"
        "    optimiser.step()"
    ),
    "sampling": (
        "out = llama.generate(torch.ones(1, 4, dtype=torch.long), max_new_tokens=5,\n"
        "    do_sample=True, pad_token_id=0)\n"
        "train(torch.ones(4, 8)).sum().backward()"
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_caches_statistics_dropout_and_random_states(kernel, name: str) -> None:
    if not kernel.value("'fresh' in globals()"):
        cell = kernel.run(SETUP)
        assert cell.ok, cell.traceback
    kernel.run("fresh()")
    assert kernel.run(CELLS[name]).ok
    plain = kernel.value("state()")
    kernel.run("fresh()")
    cell = kernel.run("%%energy --view none\n" + CELLS[name])
    assert cell.ok, cell.traceback
    assert kernel.value("state()") == plain
    assert kernel.value("_energy.total_joules") > 0

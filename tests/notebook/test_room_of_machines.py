"""`%%px` of ipyparallel: the extension works on several engines at once."""

from __future__ import annotations

from typing import Any

import pytest

ipyparallel = pytest.importorskip("ipyparallel", reason="ipyparallel is not installed")

# What a lecturer types: the cluster of a room is started by other means, and is the same to %%px.
START = """
import ipyparallel
cluster = ipyparallel.Cluster(n=2, engine_timeout=120, log_level=40)
engines = cluster.start_and_connect_sync()
%load_ext irene_jupyter
"""
LOAD = """%%px
%load_ext irene_jupyter
import irene_jupyter as irene
from transformers import BertConfig
"""
PREDICT = """%%px
config = BertConfig(num_hidden_layers=1, hidden_size=64, num_attention_heads=2,
                    intermediate_size=128, vocab_size=99, max_position_embeddings=64)
joules = irene.predict(config, batch_size=2, seq_len=16).total_joules
"""
READ = """
there = engines[:].pull(["joules"], block=True)
processes = len(set(engines[:].apply_sync(lambda: __import__("os").getpid())))
"""
STOP = "cluster.stop_cluster_sync()"


def test_two_engines_predict(kernel_factory: Any) -> None:
    kernel = kernel_factory()
    try:
        for code in (START, LOAD, PREDICT, READ):
            cell = kernel.run(code)
            assert cell.ok, cell.traceback
        first, second = (values[0] for values in kernel.value("there"))
        assert first == second > 0
        assert kernel.value("processes") == 2
    finally:
        kernel.run(STOP)

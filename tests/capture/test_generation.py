"""generate(): phases, tokens and beams of what ran, and the same without running it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers as hf
from torch import nn
from zoo import HALF, SMALL

import irene_jupyter as irene
from irene_jupyter.capture.dry.decoding import MAX_PARTS
from irene_jupyter.capture.dry.generation import generation_of
from irene_jupyter.capture.dry.interpolation import interpolated
from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.models.building import build_model
from irene_jupyter.capture.watch.groups import CACHE_BUCKET
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.capture.watch.steps import phase_of, place_of
from irene_jupyter.errors import CaptureError, IreneError
from irene_jupyter.tree import Node, Run

PROMPT, NEW, BATCH = 6, 9, 2
FRAMES = 20  # that Whisper's encoder makes of its spectrogram

DECODERS: dict[str, Callable[[], Any]] = {
    "gpt2": lambda: hf.GPT2Config(
        n_embd=32, n_layer=2, n_head=4, vocab_size=100, bos_token_id=1, eos_token_id=2
    ),
    "llama": lambda: hf.LlamaConfig(**SMALL, num_key_value_heads=2),
}
ENCODER_DECODERS: dict[str, Callable[[], Any]] = {
    "t5": lambda: hf.T5Config(
        d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, vocab_size=100,
        decoder_start_token_id=0,
    ),
    "bart": lambda: hf.BartConfig(**HALF, forced_eos_token_id=None),
    "whisper": lambda: hf.WhisperConfig(
        **HALF, num_mel_bins=8, max_source_positions=FRAMES, max_target_positions=64,
        pad_token_id=0, decoder_start_token_id=1, bos_token_id=1, eos_token_id=2,
        suppress_tokens=None, begin_suppress_tokens=None,
    ),
}  # fmt: skip
ALL = {**DECODERS, **ENCODER_DECODERS}
# Their state has no length: it is filled, or not.
RECURRENT: dict[str, Callable[[], Any]] = {
    "mamba": lambda: hf.MambaConfig(
        hidden_size=32, num_hidden_layers=2, vocab_size=100, state_size=4
    ),
    "mamba2": lambda: hf.Mamba2Config(
        hidden_size=32, num_hidden_layers=2, vocab_size=100, state_size=4, num_heads=8,
        head_dim=8, n_groups=2,
    ),
    "rwkv": lambda: hf.RwkvConfig(
        hidden_size=32, attention_hidden_size=32, num_hidden_layers=2, vocab_size=100
    ),
}  # fmt: skip


def real(name: str) -> nn.Module:
    config = {**ALL, **RECURRENT}[name]()
    torch.manual_seed(0)
    automatic = {"t5": hf.AutoModelForSeq2SeqLM, "bart": hf.AutoModelForSeq2SeqLM,
                 "whisper": hf.AutoModelForSpeechSeq2Seq}  # fmt: skip
    return automatic.get(name, hf.AutoModelForCausalLM).from_config(config).eval()


def generate(name: str, model: Any, new: int = NEW, **options: Any) -> torch.Tensor:
    if name == "whisper":
        prompt = {"input_features": torch.randn(BATCH, 8, 2 * FRAMES)}
        # Whisper's own generate() wraps the plain one in the handling of long audio.
        made = super(hf.WhisperForConditionalGeneration, model).generate
    else:
        ids = torch.randint(3, 100, (BATCH, PROMPT))
        prompt = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        made = model.generate
    options = {"do_sample": False, "pad_token_id": 0, "eos_token_id": None, **options}
    return made(**prompt, max_new_tokens=new, **options)


def recorded(name: str, **options: Any) -> tuple[Run, ...]:
    model = real(name)
    with torch.no_grad(), Recorder() as recorder:
        generate(name, model, **options)
    return gather(recorder).runs


def of_phase(runs: tuple[Run, ...], phase: str) -> list[Run]:
    return [run for run in runs if run.phase == phase]


@pytest.mark.parametrize("name", ALL)
def test_a_generation_has_two_phases_with_their_tokens(name: str):
    runs = recorded(name)
    prefill, decode = of_phase(runs, "prefill"), of_phase(runs, "decode")
    assert len(prefill) + len(decode) == len(runs)
    assert sum(run.calls for run in decode) == NEW - 1  # the prefill gives the first token
    assert sum(run.tokens for run in decode) == BATCH * (NEW - 1)
    source = FRAMES if name == "whisper" else PROMPT
    start = 1 if name in ENCODER_DECODERS else 0
    assert sum(run.tokens for run in prefill) == BATCH * (source + start)
    assert sum(run.items for run in runs) == BATCH


@pytest.mark.parametrize("name", RECURRENT)
def test_a_recurrent_state_tells_the_phases_too(name: str):
    prefill, decode = recorded(name)
    assert (prefill.phase, prefill.calls, prefill.tokens) == ("prefill", 1, BATCH * PROMPT)
    assert (decode.phase, decode.calls, decode.tokens) == ("decode", NEW - 1, BATCH * (NEW - 1))
    assert (prefill.items, decode.items) == (BATCH, 0)
    assert prefill.cache_length is decode.cache_length is None


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5", "mamba"])
@pytest.mark.parametrize("beams", [1, 3])
def test_without_a_cache_a_step_reads_all_again_for_one_token(name: str, beams: int):
    runs = recorded(name, use_cache=False, num_beams=beams)
    prefill, decode = of_phase(runs, "prefill"), of_phase(runs, "decode")
    assert len(prefill) + len(decode) == len(runs)
    steps = sum(run.calls for run in decode)
    assert steps == NEW - 1 if beams == 1 else steps >= NEW - 1
    assert sum(run.tokens for run in decode) == BATCH * steps
    start = 1 if name in ENCODER_DECODERS else 0
    assert sum(run.tokens for run in prefill) == BATCH * (PROMPT + start)
    first = start or PROMPT
    assert [run.tree.seq_len for run in decode][: NEW - 1] == list(range(first + 1, first + NEW))


def test_a_prompt_as_long_as_an_earlier_step_is_a_prompt():
    model = real("gpt2")
    with torch.no_grad(), Recorder() as recorder:
        for length in (PROMPT, PROMPT + 1):
            ids = torch.randint(3, 100, (1, length))
            model.generate(ids, max_new_tokens=3, pad_token_id=0, use_cache=False)
    runs = gather(recorder).runs
    assert sum(run.tokens for run in of_phase(runs, "prefill")) == 2 * PROMPT + 1
    assert sum(run.tokens for run in of_phase(runs, "decode")) == 4


def test_a_static_cache_is_a_cache():
    runs = recorded("llama", cache_implementation="static")
    assert sum(run.tokens for run in of_phase(runs, "prefill")) == BATCH * PROMPT
    assert sum(run.tokens for run in of_phase(runs, "decode")) == BATCH * (NEW - 1)


def test_a_length_that_is_kept_on_a_gpu_is_not_waited_for():
    class Static:  # as transformers' static cache keeps its length; meta stands for the GPU
        def get_seq_length(self) -> torch.Tensor:
            return torch.zeros((), dtype=torch.long, device="meta")

    kwargs = {"past_key_values": Static(), "use_cache": True}
    assert place_of(kwargs) == (None, "filled")
    assert phase_of(None, "filled", 1) == "decode"
    assert phase_of(None, "filled", 7) == "prefill"
    assert place_of({"input_ids": torch.ones(1, 4)}) == (None, None)


def test_a_plain_call_without_a_cache_is_no_generation():
    model = real("gpt2")
    with torch.no_grad(), Recorder() as recorder:
        model(input_ids=torch.ones(1, 4, dtype=torch.long), use_cache=False)
    (run,) = gather(recorder).runs
    assert (run.phase, run.tokens) == (None, 0)


@pytest.mark.parametrize("name", ["gpt2", "t5"])
def test_copies_of_a_beam_search_count_once(name: str):
    runs = recorded(name, num_beams=3)
    decode = of_phase(runs, "decode")
    assert all(run.tree.batch_size == 3 * BATCH for run in decode)
    assert sum(run.tokens for run in decode) == BATCH * sum(run.calls for run in decode)
    assert sum(run.items for run in runs) == BATCH


def test_a_decoding_step_attends_to_its_cache():
    runs = of_phase(recorded("llama", new=2 * CACHE_BUCKET), "decode")
    assert len(runs) == 3  # buckets of the cache: 6 to 31, 32 to 63, and 64 on
    for run in runs:
        assert run.cache_length is not None
        products = [n for n in run.tree.root.walk() if n.path.endswith("matmul_0")]
        assert len(products) == 2
        for node in products:
            query, keys = node.features.input_shapes
            assert query[-2] == 1
            assert keys[-1] == run.cache_length + 1
    work = [run.tree.root.features.canonical_megaflops for run in runs]
    assert work == sorted(work)
    assert work[0] < work[-1]


def numbers(node: Node) -> dict[str, tuple[float, float, tuple[Any, ...]]]:
    return {
        n.path: (
            pytest.approx(n.features.canonical_megaflops, rel=1e-6),
            pytest.approx(n.features.canonical_mebibytes, rel=1e-6),
            n.features.output_shapes if n.primitive else (),
        )
        for n in node.walk()
        if n.primitive in ("Linear", "Conv1D", "MatMul", "Softmax", "LayerNorm", "RMSNorm")
    }


@pytest.mark.parametrize("name", ALL)
def test_what_is_predicted_is_what_runs(name: str):
    ran = recorded(name)
    model = real(name)
    before = {key: (value.data_ptr(), value.clone()) for key, value in model.state_dict().items()}
    predicted = generation_of(model, BATCH, PROMPT, NEW)
    for phase in ("prefill", "decode"):
        assert sum(r.tokens for r in of_phase(predicted, phase)) == sum(
            r.tokens for r in of_phase(ran, phase)
        )
    step = of_phase(ran, "decode")[0]
    assert step.cache_length == (1 if name in ENCODER_DECODERS else PROMPT)
    alone = of_phase(generation_of(model, BATCH, PROMPT, 2), "decode")
    assert [run.cache_length for run in alone] == [step.cache_length]
    assert numbers(alone[0].tree.root) == numbers(step.tree.root)
    after = model.state_dict()
    assert all(
        after[k].data_ptr() == p and torch.equal(after[k], v) for k, (p, v) in before.items()
    )


@pytest.mark.parametrize("name", RECURRENT)
def test_a_step_with_a_state_costs_the_same_however_long_the_text(name: str):
    ran = recorded(name)
    predicted = generation_of(real(name), BATCH, PROMPT, NEW)
    assert [(run.phase, run.calls, run.tokens) for run in predicted] == [
        (run.phase, run.calls, run.tokens) for run in ran
    ]
    for mine, truth in zip(predicted, ran, strict=True):
        assert numbers(mine.tree.root) == numbers(truth.tree.root)


def test_steps_between_two_are_as_if_they_had_been_traced():
    model = build_model(hf.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=100))
    (first,) = of_phase(generation_of(model, 2, 10, 2), "decode")
    (middle,) = of_phase(generation_of(model, 2, 20, 2), "decode")
    (last,) = of_phase(generation_of(model, 2, 30, 2), "decode")
    between = interpolated(first.tree.root, last.tree.root, 0.5)
    for mine, truth in zip(between.walk(), middle.tree.root.walk(), strict=True):
        assert mine.path == truth.path
        assert mine.features.input_shapes == truth.features.input_shapes
        for name in ("flops", "bytes", "canonical_megaflops", "canonical_mebibytes"):
            value = getattr(truth.features, name)
            assert getattr(mine.features, name) == pytest.approx(value, rel=1e-9)


def test_a_long_generation_has_few_parts_that_cover_all_steps():
    model = build_model(ALL["llama"]())
    runs = of_phase(generation_of(model, 1, 8, 1000), "decode")
    assert len(runs) == MAX_PARTS
    assert sum(run.calls for run in runs) == 999
    lengths = [run.cache_length for run in runs]
    assert lengths == sorted(lengths)
    mean = sum(run.calls * length for run, length in zip(runs, lengths, strict=True)) / 999
    assert mean == pytest.approx(8 + 998 / 2, abs=1)


def test_one_new_token_is_the_prefill_alone():
    runs = generation_of(build_model(ALL["gpt2"]()), 1, 8, 1)
    assert [run.phase for run in runs] == ["prefill"]


def test_a_configuration_gets_the_head_that_generates():
    for name, head in {
        "gpt2": "GPT2LMHeadModel",
        "bart": "BartForConditionalGeneration",
        "whisper": "WhisperForConditionalGeneration",
    }.items():
        config = {**ALL, **RECURRENT}[name]()
        config.architectures = None
        assert type(build_model(config, generates=True)).__name__ == head


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (lambda: hf.OpenAIGPTConfig(n_embd=32, n_layer=1, n_head=4), "keeps no cache"),
        (lambda: hf.BertConfig(**SMALL, architectures=["BertModel"]), "no cache"),
        (lambda: hf.GPT2Config(n_embd=32, n_layer=1, n_head=4, n_positions=16), "16 positions"),
    ],
)
def test_what_cannot_generate_is_told_with_the_remedy(config: Callable[[], Any], reason: str):
    with pytest.raises(IreneError, match=reason):
        irene.predict(config(), batch_size=1, seq_len=12, new_tokens=8)


@pytest.mark.parametrize(
    "config",
    [
        lambda: hf.EncodecConfig(num_filters=4, hidden_size=16, codebook_dim=16),
        lambda: hf.SpeechT5Config(encoder_layers=1, decoder_layers=1),
    ],
)
def test_a_family_that_cannot_be_traced_is_told_with_the_remedy(config: Callable[[], Any]):
    with pytest.raises(CaptureError, match=r"could not be traced.*irene_jupyter\.measure"):
        irene.predict(config(), batch_size=1, seq_len=32)


def test_a_plain_module_keeps_no_cache():
    with pytest.raises(CaptureError, match=r"new_tokens=0.*EnergyMonitor"):
        irene.predict(nn.Linear(4, 4), new_tokens=2)


def test_a_small_model_of_many_thin_layers_costs_more_a_token_than_gpt2():
    thin = hf.LlamaConfig(
        hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, vocab_size=49152, tie_word_embeddings=True,
    )  # fmt: skip
    reports = [
        irene.predict(config, batch_size=1, seq_len=32, new_tokens=17)
        for config in (thin, hf.GPT2Config())
    ]
    millions = [r.root.features.num_parameters / 1e6 for r in reports if r.root]
    assert millions == [pytest.approx(134.5, abs=0.1), pytest.approx(124.4, abs=0.1)]
    costs = [report.phase("decode").joules_per_token for report in reports]
    assert costs[0] > 1.3 * costs[1]


@pytest.mark.parametrize("name", DECODERS)
def test_a_prompt_of_one_token_is_no_step(name: str):
    model: Any = real(name)
    with torch.no_grad(), Recorder() as recorder:
        ids = torch.full((1, 1), 5)
        model.generate(ids, max_new_tokens=4, do_sample=False, pad_token_id=0, eos_token_id=None)
    runs = gather(recorder).runs
    assert [(run.phase, run.calls) for run in runs] == [("prefill", 1), ("decode", 3)]

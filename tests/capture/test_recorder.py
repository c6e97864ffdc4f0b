"""What a cell may do with models, and that torch is left as it was."""

from __future__ import annotations

import copy
import gc
import io
import threading
import traceback
import warnings
import weakref
from pathlib import Path

import pytest
import torch
import transformers as hf
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch import nn
from torch.nn.modules import module as torch_module
from zoo import CONFIGS, build, inputs

import irene_jupyter
from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.errors import CaptureError

ORIGINALS = {name: getattr(nn.Module, name) for name in ("__init__", "__setstate__", "__call__")}
COMPILE = torch.compile
PACKAGE = str(Path(irene_jupyter.__file__).parent)


@pytest.fixture(autouse=True)
def torch_is_left_as_it_was():
    yield
    left = {name: getattr(nn.Module, name).__module__ for name in ORIGINALS}
    # The compiler's first use patches __init__ and __setstate__ for good; nobody else may.
    assert set(left.values()) <= {"torch.nn.modules.module", "torch._dynamo.mutation_guard"}
    assert nn.Module.__call__ is ORIGINALS["__call__"]
    assert torch.compile is COMPILE
    assert not torch_module._has_any_global_hook()
    assert torch.overrides._get_current_function_mode() is None
    assert Recorder._active is None
    assert torch.backends.mha.get_fastpath_enabled()


def small() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 8), nn.ReLU())


class Broken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.second = nn.Linear(9, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x))


X = torch.ones(2, 8)


def test_calls_of_one_signature_are_recorded_once_and_counted():
    model = small()
    with Recorder() as recorder:
        for _ in range(3):
            model(X)
        model(torch.ones(5, 8))
    runs = gather(recorder).runs
    assert [(run.calls, run.tree.batch_size) for run in runs] == [(3, 2), (1, 5)]
    assert all(run.seconds is not None and run.seconds > 0 for run in runs)


@pytest.mark.parametrize(("device", "has_latency"), [("cpu", True), ("meta", False)])
def test_only_what_ran_on_the_processor_has_a_latency(device: str, has_latency: bool):
    model = nn.Sequential(nn.GELU(), nn.Softmax(-1))  # no parameters that tell the device
    with Recorder() as recorder:
        model(torch.ones(4, 8, device=device))
    (run,) = gather(recorder).runs
    found = {node.features.latency_seconds is not None for node in run.tree.root.walk()}
    assert found == {has_latency}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_goes_through_and_what_was_seen_is_kept(error: type[BaseException]):
    class Raises(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.first(x)
            raise error("stop")

    with Recorder() as recorder, pytest.raises(error, match="stop"):
        Raises()(X)
    (run,) = gather(recorder).runs
    assert run.status == "incomplete"
    assert run.tree.root.flags == (f"incomplete: the forward pass raised {error.__name__}",)
    assert [child.path for child in run.tree.root.children] == ["first"]


def test_a_call_that_fails_first_is_recorded_when_it_succeeds():
    class Moody(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 8)
            self.broken = [True]  # no switch of its own: a list

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.first(x)
            if self.broken[0]:
                raise ValueError("moody")
            return self.second(x)

    model = Moody()
    with Recorder() as recorder:
        with pytest.raises(ValueError, match="moody"):
            model(X)
        model.broken[0] = False
        model(X)
    (run,) = gather(recorder).runs
    assert (run.status, run.calls) == ("run", 1)
    assert run.tree.root.flags == ()
    assert len(run.tree.root.children) == 2


def test_an_exception_from_inside_a_forward_names_torch_but_not_us():
    model = Broken()
    error = None
    with Recorder() as recorder:
        try:
            model(X)
        except RuntimeError as caught:
            error = caught
    assert error is not None
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    assert not [name for name in files if name.startswith(PACKAGE)]
    assert files[0] == __file__
    assert files[-1].endswith("linear.py")
    assert gather(recorder).runs[0].status == "incomplete"


def test_a_forward_that_handles_errors_of_its_parts_sees_no_frame_of_ours():
    seen: list[str] = []

    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Broken()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for part in (self.inner, lambda x: x @ torch.ones(3, 3)):
                try:
                    part(x)
                except RuntimeError:
                    seen.append(traceback.format_exc())
            return x

    with Recorder() as recorder:
        Careful()(X)
        threads = [threading.Thread(target=Careful(), args=(X,))]
        threads[0].start()
        threads[0].join()
    assert len(seen) == 4
    assert not [text for text in seen if PACKAGE in text]
    assert [run.status for run in gather(recorder).runs] == ["run", "run"]


def test_threads_are_recorded_each():
    model, other = small(), nn.Sequential(nn.Linear(8, 4))
    with Recorder() as recorder:
        threads = [threading.Thread(target=m, args=(X,)) for m in (model, other, model, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    runs = gather(recorder).runs
    assert sorted(run.calls for run in runs) == [2, 2]
    assert all(run.tree.root.features.flops > 0 for run in runs)


def test_every_way_of_making_a_module_is_seen():
    original = small()
    stored = io.BytesIO()
    torch.save(original, stored)
    stored.seek(0)
    with Recorder() as recorder:
        kept = [
            nn.Linear(8, 8),
            copy.deepcopy(original),
            torch.load(stored, weights_only=False),
        ]
    assert [type(m) for m in recorder.built if m in kept] == [
        nn.Linear,
        nn.Sequential,
        nn.Sequential,
    ]
    runs = gather(recorder, batch_size=4, seq_len=16).runs
    assert [run.status for run in runs] == ["not_run"] * 3
    assert {run.tree.batch_size for run in runs} == {4}


def test_a_module_in_the_place_of_one_that_is_gone_is_seen():
    with Recorder() as recorder:
        addresses = set()
        for _ in range(200):  # each takes the place of the last
            model = nn.Linear(2, 2)
            addresses.add(id(model))
        assert len(addresses) < 200
    assert any(module is model for module in recorder.built)


def test_models_are_not_kept_alive():
    with Recorder() as recorder:
        model = small()
        model(X)
    gather(recorder)
    gone = weakref.ref(model)
    del model, recorder
    gc.collect()
    assert gone() is None


def test_generate_is_prefill_and_decode_of_one_model():
    torch.manual_seed(0)
    model = hf.GPT2LMHeadModel(CONFIGS["gpt2"]()).eval()
    ids = torch.randint(3, 90, (2, 5))
    settings = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    plain = model.generate(ids, **settings)
    with Recorder() as recorder:
        observed = model.generate(ids, **settings)
    assert torch.equal(plain, observed)
    runs = gather(recorder).runs
    assert [(run.phase, run.calls) for run in runs] == [("prefill", 1), ("decode", 5)]
    assert {run.tree.root.class_name for run in runs} == {"GPT2LMHeadModel"}


def test_an_encoder_called_on_its_own_belongs_to_its_model():
    torch.manual_seed(0)
    model = hf.T5ForConditionalGeneration(CONFIGS["t5"]()).eval()
    with Recorder() as recorder:
        model.generate(torch.randint(3, 90, (2, 5)), max_new_tokens=4, eos_token_id=None)
    runs = gather(recorder).runs
    assert {run.model for run in runs} == {"T5ForConditionalGeneration"}
    first = runs[0].tree.root
    assert first.class_name == "T5ForConditionalGeneration"
    assert [child.path for child in first.children] == ["encoder"]
    assert first.find("encoder.block.0.layer.0.SelfAttention.q").primitive == "Linear"
    assert sum(run.phase == "decode" for run in runs) == 1


def test_a_direct_forward_is_put_together_again():
    with Recorder() as recorder:
        model = nn.Sequential(nn.Linear(8, 8), nn.Sequential(nn.Linear(8, 8), nn.Tanh()))
        model.forward(X)
    runs = gather(recorder).runs
    assert {run.model for run in runs} == {"Sequential"}
    assert [run.tree.root.children[0].path for run in runs] == ["0", "1"]


def test_a_pipeline_and_a_users_class():
    class Holder:
        def __init__(self) -> None:
            self.net = small()

        def run(self) -> torch.Tensor:
            return self.net(X)

    words = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "the", "cat", "sat"])}
    tokenizer = hf.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(WordLevel(words, unk_token="[UNK]")),
        pad_token="[PAD]",
        unk_token="[UNK]",
    )
    tokenizer.backend_tokenizer.pre_tokenizer = Whitespace()
    bert = build("bert")
    with Recorder() as recorder:
        Holder().run()
        pipe = hf.pipeline("feature-extraction", model=bert, tokenizer=tokenizer)
        assert len(pipe("the cat sat")[0]) == 3
    runs = gather(recorder).runs
    assert [run.tree.root.class_name for run in runs] == ["Sequential", "BertModel"]
    assert (runs[1].tree.batch_size, runs[1].tree.seq_len) == (1, 3)


def test_dict_inputs_and_a_mapping_output():
    class Takes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(8, 4)

        def forward(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {"y": self.inner(batch["x"])}

    model = Takes()
    with Recorder() as recorder:
        model({"x": X})
        model({"x": X})
    (run,) = gather(recorder).runs
    assert (run.calls, run.tree.batch_size) == (2, 2)
    assert run.tree.root.features.input_shapes == ((2, 8),)


class Users(nn.Module):
    """torch does not compile the forward of its own Sequential in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.first(x))


@pytest.mark.parametrize("when", ["before", "inside", "in place"])
def test_compiled_models(when: str):
    torch._dynamo.reset()
    model = Users()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        if when == "before":
            compiled = torch.compile(model, backend="eager")
            compiled(X)
        graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
        with Recorder() as recorder:
            if when == "inside":
                compiled = torch.compile(model, backend="eager")
            elif when == "in place":
                model.compile(backend="eager")
                compiled = model
            observed = compiled(X)
        (run,) = gather(recorder).runs
        afterwards = torch._dynamo.utils.counters["stats"]["unique_graphs"]
        assert torch.equal(observed, compiled(X))
        assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == afterwards
    assert afterwards - graphs == (0 if when == "before" else 1)
    assert [node.primitive for node in run.tree.root.leaves()] == ["Linear", "ReLU"]
    assert "compiled" in run.notes[0]


def test_the_fused_encoder_path_is_still_taken():
    model = build("encoder")
    given = inputs("encoder", model)
    assert model.training is False
    with torch.no_grad():
        torch.backends.mha.set_fastpath_enabled(False)
        slow = model(**given)
        torch.backends.mha.set_fastpath_enabled(True)
        fast = model(**given)
        with Recorder() as recorder:
            observed = model(**given)
    assert torch.equal(fast, observed)
    assert torch.allclose(slow, fast, atol=1e-5)
    (run,) = gather(recorder).runs
    assert {n.primitive for n in run.tree.root.leaves()} >= {"Linear", "MatMul", "Softmax"}


def test_script_modules_are_counted_by_their_operations():
    eager = small()
    scripted = torch.jit.script(eager)
    plain = scripted(X)
    with Recorder() as recorder:
        assert torch.equal(scripted(X), plain)
        eager(X)
    of_script, of_eager = gather(recorder).runs
    assert of_script.model == "Sequential"
    assert of_script.tree.root.features.flops == of_eager.tree.root.features.flops > 0


def test_only_some_models():
    with Recorder() as recorder:
        wanted, other = small(), small()
        wanted(X)
        other(X)
    (run,) = gather(recorder, only=[wanted], names={id(wanted): "wanted"}).runs
    assert run.model == "wanted"


def test_a_wanted_part_is_a_model_of_its_own():
    bert = build("bert")
    with Recorder() as recorder:
        bert.encoder(torch.ones(1, 4, 32))
    (run,) = gather(recorder, only=[bert.encoder]).runs
    assert run.tree.root.class_name == "BertEncoder"


def test_losses_are_no_models():
    with Recorder() as recorder:
        model, loss = small(), nn.CrossEntropyLoss()
        loss(model(X), torch.zeros(2, dtype=torch.long))
    assert [run.tree.root.class_name for run in gather(recorder).runs][:1] == ["Sequential"]


def test_one_recorder_at_a_time():
    with Recorder(), pytest.raises(CaptureError, match="another measurement"), Recorder():
        pass


def test_training_state_buffers_and_random_state_are_the_users_own():
    def steps(observed: bool) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)).train()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)

        def step() -> None:
            model(X).pow(2).sum().backward()
            optimiser.step()

        if observed:
            with Recorder() as recorder:
                step()
            gather(recorder)
        else:
            step()
        assert model.training
        return model.state_dict(), torch.get_rng_state()

    (plain, plain_rng), (seen, seen_rng) = steps(False), steps(True)
    assert torch.equal(plain_rng, seen_rng)
    assert all(torch.equal(plain[key], seen[key]) for key in plain)

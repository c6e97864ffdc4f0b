"""Generation that reads proposed tokens and takes some back: phases by what the cache does."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
import torch
import transformers as hf
from torch import nn
from zoo import HALF, SMALL

from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.watch.groups import CACHE_BUCKET
from irene_jupyter.capture.watch.recorder import Recorder

PROMPT, NEW = 12, 24
Totals = dict[tuple[str, str | None], tuple[int, int, int]]  # calls, tokens, items


def llama(layers: int = 2, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    config = hf.LlamaConfig(**{**SMALL, "num_hidden_layers": layers, "vocab_size": 20})
    return hf.LlamaForCausalLM(config).eval()


def prompt(length: int = PROMPT) -> torch.Tensor:
    """Ids whose end repeats their beginning, so that a look-up finds candidates at once."""
    torch.manual_seed(1)
    ids = torch.randint(3, 20, (1, length))
    ids[0, -4:] = ids[0, :4].clone()
    return ids


def totals(recorder: Recorder, **models: nn.Module) -> Totals:
    found: Totals = defaultdict(lambda: (0, 0, 0))
    for run in gather(recorder, names={id(model): name for name, model in models.items()}).runs:
        calls, tokens, items = found[run.model, run.phase]
        found[run.model, run.phase] = (calls + run.calls, tokens + run.tokens, items + run.items)
    return dict(found)


def generate(model: Any, ids: torch.Tensor, **options: Any) -> torch.Tensor:
    kwargs = {"max_new_tokens": NEW, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    return model.generate(ids, attention_mask=torch.ones_like(ids), **{**kwargs, **options})


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("proposed", [1, 3, 8])
def test_a_prompt_lookup_reads_its_prompt_once_and_writes_what_it_keeps(proposed: int, seed: int):
    model = llama(seed=seed)
    with Recorder() as recorder:
        text = generate(model, prompt(), prompt_lookup_num_tokens=proposed)
    assert text.shape[1] == PROMPT + NEW
    found = totals(recorder, main=model)
    assert found["main", "prefill"] == (1, PROMPT, 1)
    calls, tokens, items = found["main", "decode"]
    assert set(found) == {("main", "prefill"), ("main", "decode")}
    assert (tokens, items) == (NEW - 1, 0)  # the prefill gives the first, as it always does
    assert calls < NEW


@pytest.mark.parametrize("options", [{}, {"do_sample": True}, {"prompt_lookup_num_tokens": 3}])
def test_an_end_of_the_text_within_what_was_proposed_is_the_end_of_the_tokens(options: Any):
    model = llama()
    torch.manual_seed(4)
    plain = generate(model, prompt(), **options)[0, PROMPT:].tolist()
    end = plain[len(plain) // 2]
    with Recorder() as recorder:
        torch.manual_seed(4)
        text = generate(model, prompt(), eos_token_id=end, **options)
    _, tokens, _ = totals(recorder, main=model).get(("main", "decode"), (0, 0, 0))
    assert tokens == text.shape[1] - PROMPT - 1


@pytest.mark.parametrize("options", [{}, {"do_sample": True}])
def test_a_draft_model_has_phases_of_its_own(options: Any):
    main, draft = llama(3), llama(1, seed=5)
    draft.generation_config.num_assistant_tokens = 4
    draft.generation_config.assistant_confidence_threshold = 0.0
    with Recorder() as recorder:
        generate(main, prompt(), assistant_model=draft, **options)
    found = totals(recorder, main=main, draft=draft)
    assert found["main", "prefill"] == (1, PROMPT, 1)
    assert found["main", "decode"][1:] == (NEW - 1, 0)
    assert found["draft", "prefill"] == (1, PROMPT, 1)
    assert found["draft", "decode"][0] > 0
    assert found["draft", "decode"][1] >= found["draft", "decode"][0]
    assert len(found) == 4


def test_a_model_that_drafts_for_itself_counts_its_text_once():
    model = llama(3)
    with Recorder() as recorder:
        generate(model, prompt(), assistant_early_exit=1, use_cache=True)
    found = totals(recorder, main=model)
    assert found["main", "prefill"][1] == PROMPT
    assert found["main", "decode"][1] == NEW - 1


@pytest.mark.parametrize("chunk", [5, PROMPT - 1, PROMPT])  # of 5, 5 and 2; of 11 and 1
def test_a_prompt_that_is_read_in_pieces_is_prefill(chunk: int):
    model = llama()
    with Recorder() as recorder:
        generate(model, prompt(), prefill_chunk_size=chunk)
    found = totals(recorder, main=model)
    assert found["main", "prefill"] == (-(-PROMPT // chunk), PROMPT, 1)
    assert found["main", "decode"] == (NEW - 1, NEW - 1, 0)


@pytest.mark.parametrize("options", [{}, {"prompt_lookup_num_tokens": 3}])
def test_a_second_turn_is_a_prompt_that_is_read_on(options: Any):
    model = llama()
    cache = hf.DynamicCache(config=model.config)
    with Recorder() as recorder:
        text = generate(model, prompt(), past_key_values=cache, **options)
        longer = torch.cat([text, prompt()], 1)
        generate(model, longer, past_key_values=cache, **options)
    found = totals(recorder, main=model)
    # The last token of a turn is written and not read: the next turn reads it. With a look-up,
    # transformers reads all of the text again.
    again = longer.shape[1] if options else PROMPT + 1
    assert found["main", "prefill"] == (2, PROMPT + again, 1)
    assert found["main", "decode"][1] == 2 * (NEW - 1)


def encoder_decoder(layers: int) -> Any:
    torch.manual_seed(layers)
    config = hf.BartConfig(
        **{**HALF, "encoder_layers": layers, "decoder_layers": layers}, forced_eos_token_id=None
    )
    return hf.BartForConditionalGeneration(config).eval()


def test_an_encoder_decoder_with_a_draft_reads_its_source_once():
    main, draft = encoder_decoder(2), encoder_decoder(1)
    with Recorder() as recorder:
        text = generate(main, prompt(), assistant_model=draft)
    found = totals(recorder, main=main, draft=draft)
    assert text.shape[1] == NEW + 1
    assert found["main", "prefill"][1] == PROMPT + 1  # and the token that starts the text
    # transformers drops the draft's first cache, of one token: the second call reads it again.
    assert found["draft", "prefill"][1] == PROMPT + 1 + 2
    assert found["main", "decode"][1] == NEW - 1


def hand_written(model: Any, ids: torch.Tensor, proposed: int, by_length: bool) -> int:
    """A loop of one's own with wrong proposals: all but the first token of a call go again."""
    cache = hf.DynamicCache(config=model.config)
    model(ids, past_key_values=cache, use_cache=True)
    for _ in range(6):
        guess = torch.randint(3, 20, (1, 1 + proposed))
        model(guess, past_key_values=cache, use_cache=True)
        if by_length:  # not by the cache's own method
            for layer in cache.layers:
                layer.keys, layer.values = (
                    layer.keys[:, :, :-proposed],
                    layer.values[:, :, :-proposed],
                )
        else:
            cache.crop(-proposed)
    return cache.get_seq_length() - ids.shape[1]


@pytest.mark.parametrize("by_length", [False, True])
def test_a_loop_of_ones_own_is_told_by_what_it_takes_back(by_length: bool):
    model = llama()
    with torch.no_grad(), Recorder() as recorder:
        kept = hand_written(model, prompt(), 3, by_length)
    found = totals(recorder, main=model)
    assert found["main", "prefill"] == (1, PROMPT, 1)
    # Who only shortens the cache's tensors does so unseen after the last call.
    assert found["main", "decode"][:2] == (6, kept + (3 if by_length else 0))


def test_a_loop_of_ones_own_that_takes_nothing_back_reads_a_prompt_on():
    model = llama()
    cache = hf.DynamicCache(config=model.config)
    with torch.no_grad(), Recorder() as recorder:
        for length in (7, 5, 9):
            model(prompt(length), past_key_values=cache, use_cache=True)
    assert totals(recorder, main=model) == {("main", "prefill"): (3, 21, 1)}


def test_answers_that_are_tried_on_one_prompt_are_prefill():
    model = llama()
    cache = hf.DynamicCache(config=model.config)
    with torch.no_grad(), Recorder() as recorder:
        model(prompt(), past_key_values=cache, use_cache=True)
        for _ in range(3):  # each is read in full, and taken back in full
            model(prompt(5), past_key_values=cache, use_cache=True)
            cache.crop(-5)
    assert totals(recorder, main=model) == {("main", "prefill"): (4, PROMPT + 15, 1)}


def test_a_cache_works_as_before_when_the_cell_has_ended():
    original = hf.Cache.crop
    model = llama()
    with Recorder():
        generate(model, prompt(), prompt_lookup_num_tokens=3)
        assert hf.Cache.crop is not original
    assert hf.Cache.crop is original


def test_a_cache_that_is_gone_lends_its_number_to_none():
    model = llama()
    with torch.no_grad(), Recorder() as recorder:
        for _ in range(5):
            cache = hf.DynamicCache(config=model.config)
            model(prompt(), past_key_values=cache, use_cache=True)
            model(prompt(4), past_key_values=cache, use_cache=True)
            del cache
    assert totals(recorder, main=model) == {("main", "prefill"): (10, 5 * (PROMPT + 4), 5)}
    assert PROMPT < CACHE_BUCKET

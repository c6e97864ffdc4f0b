"""Sixty of the model types of transformers, of each kind: watching them changes nothing.

`measure_all.py` does the same with all of them.
"""

from __future__ import annotations

import pytest
import small_models
from checks import Subject, check

ENCODERS = (
    "albert bert big_bird deberta-v2 distilbert electra esm funnel longformer modernbert roberta "
    "xlnet"
)
DECODERS = "bloom falcon gemma2 gpt2 gpt_neo gpt_neox gptj llama mpt olmo2 opt phi3 qwen3"
EXPERTS = "dbrx deepseek_v3 gpt_oss granitemoe mixtral qwen2_moe"
STATE_SPACES = "falcon_h1 jamba lfm2 mamba mamba2 qwen3_next recurrent_gemma rwkv"
BOTH_HALVES = "bart led prophetnet t5"
IMAGES = "beit dinov2 levit segformer swin vit"
SOUND = "audio-spectrogram-transformer hubert wav2vec2 whisper"
SEVERAL = "blip-2 clip gemma3 idefics3 qwen2_5_vl"
OTHERS = "patchtst perceiver"

SAMPLE = " ".join(
    (ENCODERS, DECODERS, EXPERTS, STATE_SPACES, BOTH_HALVES, IMAGES, SOUND, SEVERAL, OTHERS)
).split()
TRAINED = "bert gpt2 mixtral mamba t5 vit wav2vec2 clip".split()


def subject(name: str) -> Subject:
    return Subject(
        name, lambda: small_models.build(name), lambda model: small_models.call(name, model)
    )


@pytest.mark.parametrize("name", SAMPLE)
def test_watching_a_model_in_evaluation_mode_changes_nothing(name: str):
    found = check(subject(name), "eval")
    assert not found.problems
    assert found.nodes > 5
    assert found.joules > 0


@pytest.mark.parametrize("name", TRAINED)
def test_watching_a_training_step_changes_nothing(name: str):
    found = check(subject(name), "train")
    assert not found.problems
    assert not found.remarks  # the step ran, and two plain ones are the same


def test_the_zoo_is_large_and_says_of_each_other_type_why_it_is_not_in_it():
    assert len(SAMPLE) == len(set(SAMPLE)) == 60
    names, missing = small_models.names(), small_models.missing()
    assert len(names) > 420
    assert not set(names) & set(missing)
    assert all(missing.values())

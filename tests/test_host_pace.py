"""The pace of this very host, in operations as a board's profile counts them."""

from __future__ import annotations

import pytest
import torch

import irene_jupyter as irene
from irene_jupyter import host_pace
from irene_jupyter.errors import OptionError


@pytest.fixture
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_pace, "SECONDS", 0.0)
    host_pace.host_seconds_per_operation.cache_clear()


@pytest.mark.usefixtures("briefly")
def test_a_host_is_timed_once_and_torchs_random_state_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    seconds = host_pace.host_seconds_per_operation()
    assert 1e-7 < seconds < 1.0
    assert host_pace.host_seconds_per_operation() == seconds
    assert torch.equal(torch.random.get_rng_state(), before)
    host_pace.host_seconds_per_operation.cache_clear()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"launch": "lazy"}, "launch must be eager or graph"),
        ({"host_seconds_per_op": 0}, "must lie between"),
        ({"host_seconds_per_op": float("nan")}, "must lie between"),
        ({"host_seconds_per_op": "fast"}, "must be seconds or 'measure'"),
        ({"host_seconds_per_op": True}, "must be a number of seconds"),
    ],
)
def test_bad_options(options: dict[str, object], reason: str) -> None:
    with pytest.raises(OptionError, match=reason):
        irene.predict(torch.nn.Linear(4, 4), device="h100", **options)  # type: ignore[arg-type]

from __future__ import annotations

import json
import math
from dataclasses import replace

import pandas as pd
import pytest
from report_builders import EMPTY_REPORT, REFERENCE, bert, bert_report, cell_report, inner, leaf
from test_report_html import _evil_report
from transformers import BertConfig, DistilBertConfig, GPT2Config

import irene_jupyter as irene
from irene_jupyter.errors import ReportError
from irene_jupyter.report.compare import COLUMNS, Comparison
from irene_jupyter.report.compare_words import format_change
from irene_jupyter.report.difference import Difference
from irene_jupyter.report.report import DeviceLabel, EnergyReport
from irene_jupyter.tree import Energy, Node

SMALL = {"num_hidden_layers": 4, "vocab_size": 99}


def report(root: Node) -> EnergyReport:
    return EnergyReport(root=root, device=REFERENCE)


def pairs(comparison: Comparison) -> dict[str | None, str | None]:
    return {
        pair.before.path if pair.before else None: pair.after.path if pair.after else None
        for pair in comparison.root.walk()
    }


def holds(pair: Difference) -> None:
    """The changes of the parts and the own one make the whole's, at every node."""
    for each in pair.walk():
        if each.children and each.joules is not None and each.own_joules is not None:
            below = math.fsum(child.joules or 0.0 for child in each.children)
            assert each.own_joules + below == pytest.approx(each.joules, abs=1e-9)


def test_a_report_against_itself() -> None:
    comparison = bert_report().compare(bert_report())
    assert {pair.joules for pair in comparison.root.walk()} == {0.0}
    assert not any(pair.is_significant for pair in comparison.root.walk())
    assert pairs(comparison) == {node.path: node.path for node in bert_report().walk()}
    assert "No difference: 14.1 J each" in str(comparison)


def test_twice_the_batch() -> None:
    config = BertConfig(**SMALL)
    first, second = (irene.predict(config, batch_size=size) for size in (8, 32))
    comparison = first.compare(second)
    assert comparison.root.joules == pytest.approx(second.total_joules - first.total_joules)
    assert comparison.root.percent == pytest.approx(
        100 * (second.total_joules / first.total_joules - 1)
    )
    assert comparison.root.is_significant
    assert comparison["encoder.layer.3"].is_significant
    holds(comparison.root)
    back = second.compare(first)
    assert back.root.joules == pytest.approx(-(comparison.root.joules or 0))


def test_bert_against_distilbert() -> None:
    before, after = (
        irene.predict(BertConfig(**SMALL)),
        irene.predict(DistilBertConfig(n_layers=2, vocab_size=99)),
    )
    comparison = before.compare(after)
    found = pairs(comparison)
    assert found["embeddings.word_embeddings"] == "embeddings.word_embeddings"
    assert found["encoder"] == "transformer"
    assert found["encoder.layer.0"] == "transformer.layer.0"
    assert found["encoder.layer.1.intermediate"] == "transformer.layer.1.ffn"
    assert found["encoder.layer.2"] is None
    assert found["pooler"] is None
    gone = comparison["encoder.layer.2"]
    assert gone.after is None
    assert gone.percent == pytest.approx(-100)
    assert gone.is_significant
    assert comparison["transformer.layer.0"].before is not None
    # Each node of either tree is in exactly one pair.
    for side, tree in (("before", before), ("after", after)):
        seen = [getattr(p, side).path for p in comparison.root.walk() if getattr(p, side)]
        assert sorted(seen) == sorted(node.path for node in tree.walk())
    holds(comparison.root)


def test_other_primitives_are_no_pairs() -> None:
    eager = inner("a", "Attention", [
        leaf("a.q", "Linear", 3.0), leaf("a.matmul_0", "matmul", 1.0),
        leaf("a.softmax_0", "softmax", 1.0), leaf("a.matmul_1", "matmul", 1.0),
    ], kind="model")  # fmt: skip
    fused = inner("a", "SdpaAttention", [
        leaf("a.q", "Linear", 3.0), leaf("a.sdpa_0", "scaled_dot_product_attention", 2.0),
    ], kind="model")  # fmt: skip
    comparison = report(eager).compare(report(fused))
    assert [
        (pair.before and pair.before.name, pair.after and pair.after.name)
        for pair in comparison.root.children
    ] == [("q", "q"), (None, "sdpa_0"), ("matmul_0", None), ("softmax_0", None), ("matmul_1", None)]
    assert comparison.root.joules == pytest.approx(-1.0)
    assert "new" in str(comparison)
    assert "gone" in str(comparison)


def test_renamed_layers_go_by_class_and_order() -> None:
    names = ("a", "b", "c")
    before = inner("", "Net", [inner(f"x{n}", "Block", [leaf(f"x{n}.l", "Linear", 1.0)])
                               for n in names], kind="model")  # fmt: skip
    after = inner("", "Net", [inner(f"y{n}", "Block", [leaf(f"y{n}.l", "Linear", 2.0)])
                              for n in names[:2]], kind="model")  # fmt: skip
    found = pairs(report(before).compare(report(after)))
    assert (found["xa"], found["xb"], found["xc"]) == ("ya", "yb", None)


def test_significant_is_where_the_intervals_are_apart() -> None:
    def tree(joules: float) -> EnergyReport:
        return report(inner("", "Net", [leaf("l", "Linear", joules)], kind="model"))

    # The builders' intervals are −9 % to +10 %.
    assert tree(1.0).compare(tree(1.19)).root.is_significant is False
    assert tree(1.0).compare(tree(1.25)).root.is_significant is True
    assert tree(1.25).compare(tree(1.0)).root.is_significant is True
    unknown = replace(tree(1.0).root.children[0], energy=None)  # type: ignore[union-attr]
    partly = report(replace(tree(1.0).root, children=(unknown,)))  # type: ignore[type-var]
    pair = partly.compare(tree(1.0))["l"]
    assert (pair.joules, pair.percent, pair.is_significant) == (None, None, None)
    assert "unknown" in str(partly.compare(tree(1.0)))


@pytest.mark.parametrize("flag", ["estimated: no regressor", "extrapolated: larger"])
def test_what_was_not_tested_decides_nothing(flag: str) -> None:
    def tree(joules: float) -> EnergyReport:
        return report(inner("", "Net", [leaf("l", "Linear", joules)], kind="model"))

    sure, unsure = tree(1.0), tree(4.0)
    unsure = report(unsure.root.flagged(flag))  # type: ignore[union-attr]
    for comparison in (sure.compare(unsure), unsure.compare(sure)):
        assert comparison.root.is_significant is None
        assert comparison["l"].is_significant is True
        assert "no verdict" in str(comparison)
        assert "no verdict" in comparison.to_html()
        assert comparison.to_dataframe()["is_significant"].tolist() == [None, True]
    assert sure.compare(tree(4.0)).root.is_significant is True


def test_sizes_of_the_work_are_compared() -> None:
    config = BertConfig(num_hidden_layers=1, hidden_size=64, num_attention_heads=2, vocab_size=99)
    large, small = (
        irene.predict(config, batch_size=batch, seq_len=length)
        for batch, length in ((8, 32), (2, 16))
    )
    comparison = large.compare(small)
    joules = large.total_joules, small.total_joules
    assert comparison.joules_per["query"] == pytest.approx((joules[0] / 8, joules[1] / 2))
    assert comparison.joules_per["token"] == pytest.approx((joules[0] / 256, joules[1] / 32))
    for view in (str(comparison), comparison.to_html()):
        assert "8 queries (256 tokens) before, 2 queries (32 tokens) after" in view
        assert "a token" in view
    assert "a query" not in str(large.compare(large))
    assert not large.compare(large).notes


def test_phases_are_compared_too() -> None:
    config = GPT2Config(n_layer=1, n_embd=64, n_head=2, vocab_size=99)
    short, long = (irene.predict(config, seq_len=16, new_tokens=count) for count in (4, 8))
    comparison = short.compare(long)
    assert [phase.name for phase in comparison.phases] == ["prefill", "decode"]
    prefill, decode = comparison.phases
    assert prefill.root.joules == pytest.approx(0.0, abs=1e-9)
    assert decode.root.joules == pytest.approx(
        long.phase("decode").joules - short.phase("decode").joules
    )
    assert "decode: " in str(comparison)
    assert comparison.to_dict()["phases"][1]["tokens"] == {"before": 24, "after": 56}
    assert short.compare(irene.predict(config)).phases == ()


def test_several_models_against_one() -> None:
    comparison = cell_report().compare(report(bert(2, "bert")))
    found = pairs(comparison)
    assert found["bert.encoder.layer.1"] == "bert.encoder.layer.1"
    assert found["bert_1"] is None


def test_nonsense_is_refused() -> None:
    with pytest.raises(ReportError, match="second report is empty"):
        bert_report().compare(EMPTY_REPORT)
    with pytest.raises(ReportError, match="first report is empty"):
        EMPTY_REPORT.compare(bert_report())
    with pytest.raises(ReportError, match=r"second is a dict.*load_report"):
        bert_report().compare({})  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="neither tree"):
        bert_report().compare(bert_report())["nowhere"]


def test_both_provenances_are_kept() -> None:
    other = replace(bert_report(), device=DeviceLabel("lab", "the lab's PC", "calibrated"))
    comparison = bert_report().compare(other)
    for shown in (str(comparison), comparison.to_html()):
        text = " ".join(shown.replace("&#x27;", "'").split())
        assert "Predicted for GTX 1080 Ti PC (reference device), not this machine" in text
        assert "Predicted for the lab's PC (calibrated device)" in text
        assert "Two devices" in text
    summary = comparison.to_dict()
    assert summary["before"]["device"]["name"] == "gtx1080ti"
    assert summary["after"]["provenance"].startswith("Predicted for the lab's PC")


def test_tables_and_json() -> None:
    comparison = bert_report().compare(report(bert(6)))
    table = comparison.to_dataframe()
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == sum(1 for _ in comparison.root.walk())
    gone = table[table.path == "encoder.layer.6"].iloc[0]
    assert gone.joules_after == 0
    assert pd.isna(gone.path_after)
    assert pd.isna(gone.source_after)
    data = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert data["kind"] == "irene.comparison"
    assert data["root"]["difference_joules"] == pytest.approx(comparison.root.joules)


def test_views_fold_repeated_layers() -> None:
    comparison = bert_report().compare(report(bert(6)))
    text = str(comparison)
    assert "6 × BertLayer (layer.0–5)" in text
    assert "6 × BertLayer (layer.6–11)" in text
    assert len(text.splitlines()) < 45
    html = comparison.to_html(full_page=True)
    assert html.startswith("<!DOCTYPE html>")
    assert "<script" not in html
    assert "6 × BertLayer" in html
    assert html.count("<details") == html.count("</details>")
    bundle = comparison._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}


def test_layers_that_differ_in_their_verdict_are_not_folded() -> None:
    def measured(*joules: float) -> EnergyReport:
        layers = [
            replace(leaf(f"layer.{at}", "Layer", each), energy=Energy(each, each - 0.01,
                    each + 0.01, "measured"))
            for at, each in enumerate(joules)
        ]  # fmt: skip
        return report(inner("", "Net", layers, kind="model"))

    same = measured(1.0, 1.0, 1.0)
    assert "3 × Layer (layer.0–2)" in str(same.compare(measured(1.03, 1.03, 1.03)))
    partly = str(same.compare(measured(1.03, 1.03, 1.0)))
    assert "2 × Layer (layer.0–1)" in partly
    assert "layer.2 Layer" in partly
    # Each differs significantly, one for the better and one for the worse.
    assert "2 ×" not in str(measured(1.0, 1.04).compare(measured(1.03, 1.01)))


def test_layers_that_do_other_work_are_not_folded() -> None:
    layers = [leaf(f"layer.{at}", "Layer", 1.0) for at in range(2)]
    wider = replace(layers[1], features=replace(layers[1].features, flops=9_999))
    before, after = (
        report(inner("", "Net", [layers[0], second], kind="model")) for second in (layers[1], wider)
    )
    assert "2 × Layer" in str(before.compare(before))
    assert "2 ×" not in str(before.compare(after))


def test_hostile_names_in_all_views() -> None:
    evil = _evil_report()
    for comparison in (
        evil.compare(bert_report()),
        bert_report().compare(evil),
        evil.compare(evil),
    ):
        html, text = comparison.to_html(), str(comparison)
        assert "<script>" not in html
        assert "<img" not in html
        assert "\u202e" not in html + text
        assert "\x1b" not in html + text
        assert max(map(len, text.splitlines())) <= 80
        json.dumps(comparison.to_dict(), allow_nan=False)


def test_large_trees_are_cut() -> None:
    wide = [
        inner(f"b.{i}", f"Block{i}", [leaf(f"b.{i}.l{j}", f"Op{j}", 1.0 + i) for j in range(9)])
        for i in range(400)
    ]
    big = report(inner("", "Net", wide, kind="model"))
    comparison = big.compare(big)
    assert len(str(comparison).splitlines()) < 450
    assert "(+9 below)" in str(comparison)
    some = report(inner("", "Net", wide[:190], kind="model"))
    for one in (big, some):  # of the latter all rows are few enough, and their html is not
        assert len(one.compare(one).to_html()) < 300_000


@pytest.mark.parametrize(
    ("percent", "shown"),
    [(0.0, "±0 %"), (0.04, "±0 %"), (-0.4, "−0.4 %"), (12.3, "+12 %"), (9.96, "+10 %"),
     (3100.0, "×32"), (-100.0, "−100 %")],
)  # fmt: skip
def test_percentages(percent: float, shown: str) -> None:
    assert format_change(percent) == shown

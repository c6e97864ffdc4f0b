"""Options, help, completion and loading of `%%energy` in a real kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

MIME_TYPE = "application/vnd.irene.energy+json"
WIDGET = "application/vnd.jupyter.widget-view+json"

# All that loading the extension may touch, as text that can be compared.
STATE = """
def _state():
    ip = get_ipython()
    manager = ip.magics_manager
    bundles = ip.display_formatter.mimebundle_formatter
    return repr((
        [type(t).__name__ for t in ip.input_transformers_cleanup],
        [type(t).__name__ for t in ip.input_transformers_post],
        [type(t).__name__ for t in ip.input_transformer_manager.line_transforms],
        [type(t).__name__ for t in ip.ast_transformers],
        {k: sorted(v) for k, v in manager.magics.items()},
        sorted(k for k in manager.registry),
        {k: len(v.chain) for k, v in ip.strdispatchers['complete_command'].strs.items()},
        sorted(map(str, bundles.deferred_printers)), sorted(map(str, bundles.type_printers)),
        sorted(type(c).__name__ for c in ip.configurables),
        {k: len(v) for k, v in ip.events.callbacks.items()},
        sorted(k for k in ip.user_ns if 'irene' in k),
    ))
"""


# --- refusals: the cell is not run ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("--nonsense", "unrecognized arguments: --nonsense"),
        ("--view sideways", "choose from"),
        ("--batch-size 0", "must be a whole number from 1 on, not '0'"),
        ("--seq-len many", "must be a whole number from 1 on, not 'many'"),
        ("--depth -1", "must be a whole number from 1 on, not '-1'"),
        ("--depth", "expected one argument"),
        ("--device abacus", "gtx1080ti"),
        ("--method magic", "additive, irene, stepwise, predicted-sum"),
        ("--output 2fast", "name of a variable"),
        ("--output class", "name of a variable"),
        ("--save no/such/folder/x.json", "create it first"),
        ("--save .", "is a folder"),
        ("'model +'", "MODEL must be a variable or an expression"),
        ("--save 'open", "No closing quotation"),
        ("--hel", "--help in full"),
    ],
)
def test_bad_option_is_a_usage_error_and_the_cell_does_not_run(kernel, line, remedy):
    kernel.run("ran = False")
    cell = kernel.run(f"%%energy {line}\nran = True\nmodel(x)")
    assert cell.reply["status"] == "error"
    assert cell.reply["ename"] == "UsageError"
    assert remedy in cell.reply["evalue"]
    assert cell.stream("stderr").startswith("UsageError: ")
    assert remedy in cell.stream("stderr")
    assert "Traceback" not in cell.stream("stderr")
    assert cell.of("error") == []
    assert cell.displays == []
    assert kernel.value("ran") is False


@pytest.mark.parametrize("body", ["", "\n", "\n\n   \n", "\n# only a comment", "\n\n# a\n  # b\n"])
def test_empty_cell_is_a_usage_error(kernel, body):
    cell = kernel.run(f"%%energy{body}")
    assert cell.reply["status"] == "error"
    assert cell.reply["ename"] == "UsageError"
    assert "empty" in cell.stream("stderr")


def test_the_line_twice_is_a_usage_error(kernel):
    kernel.run("ran = False")
    cell = kernel.run("%%energy\n%%energy --depth 2\nran = True")
    assert cell.reply["ename"] == "UsageError"
    assert "twice" in cell.stream("stderr")
    assert kernel.value("ran") is False


def test_other_magics_with_our_prefix_are_not_ours(kernel):
    cell = kernel.run("%%energyx\n1")
    assert "Cell magic `%%energyx` not found" in cell.stream("stderr")


# --- help and completion --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["%%energy --help\nran = True", "%%energy -h\nx = = 1", "%%energy --help"]
)
def test_help_is_printed_and_the_cell_does_not_run(kernel, code):
    kernel.run("ran = False")
    cell = kernel.run(code)
    assert cell.ok
    out = cell.stream("stdout")
    assert "%%energy [" in out
    for option in (
        "--device",
        "--batch-size",
        "--seq-len",
        "--depth",
        "--view",
        "--save",
        "--output",
    ):
        assert option in out
    assert "MODEL" in out
    assert kernel.value("ran") is False


@pytest.mark.parametrize("code", ["%%energy?", "?%%energy"])
def test_question_mark(kernel, code):
    cell = kernel.run(code)
    text = cell.reply["payload"][0]["data"]["text/plain"]
    assert "--batch-size" in text
    assert "Show where the joules of this cell go" in text


def test_magics_are_listed(kernel):
    out = kernel.run("%lsmagic").of("execute_result")[0]["data"]["text/plain"]
    assert "%%energy" in out
    assert "%irene_devices" in out


def test_devices_are_listed(kernel):
    cell = kernel.run("%irene_devices")
    lines = cell.stream("stdout").splitlines()
    assert lines[0].split() == ["name", "device", "kind", "joules", "of"]
    assert any(
        line.split()[0] == "gtx1080ti" and "GTX 1080 Ti PC" in line and "reference" in line
        for line in lines[1:]
    )


@pytest.mark.parametrize(
    ("code", "matches"),
    [
        ("%%energy --vi", {"--view"}),
        (
            "%%energy --",
            {"--view", "--device", "--method", "--batch-size", "--seq-len", "--depth", "--save"},
        ),
        ("%%energy model --ba", {"--batch-size"}),
        ("%%energy --view ", {"auto", "widget", "report", "text", "none"}),
        ("%%energy --view t", {"text"}),
        ("%%energy --view=w", {"widget"}),
        ("%%energy --device ", {"auto", "gtx1080ti"}),
        ("%%energy --device gt", {"gtx1080ti"}),
        ("%%energy --method ir", {"irene"}),
        ("%%time\n%%energy --dep", {"--depth"}),
        ("%%energy mod", {"model"}),
        ("%%energy --depth 2 model mod", {"model"}),
        ("%%energy model.for", {"forward"}),
        ("%%energy --depth 2\nmod", {"model"}),
    ],
)
def test_completion(kernel, code, matches):
    assert matches <= set(kernel.complete(code))


def test_completion_on_the_line_is_only_ours(kernel):
    assert kernel.complete("%%energy --view w") == ["widget"]
    assert not {"--view", "--depth"} & set(kernel.complete("%%time --"))


# --- options --------------------------------------------------------------------------------------


def test_one_display_with_all_forms(kernel):
    cell = kernel.run("%%energy\ny = model(x)", metadata={"cellId": "shown"})
    assert cell.ok
    assert cell.stream("stderr") == ""
    [data] = cell.displays
    assert {MIME_TYPE, WIDGET, "text/html", "text/plain"} == set(data)
    report = data[MIME_TYPE]
    assert report["schema_version"] == 1
    assert report["root"]["class_name"] == "Sequential"
    is_counted = report["measured"]["joules"] is not None
    assert report["device"]["name"] == ("gtx1080ti" if is_counted else "here")
    assert json.dumps(report, allow_nan=False)
    assert "<script" not in data["text/html"]
    assert "GTX 1080 Ti PC" in data["text/plain"]
    # The widget's own comms are no display.
    assert any(
        message.get("comm_id") == data[WIDGET]["model_id"] for message in cell.of("comm_open")
    )


def test_view_report_has_no_widget(kernel):
    cell = kernel.run("%%energy --view report\nmodel(x);")
    [data] = cell.displays
    assert {MIME_TYPE, "text/html", "text/plain"} == set(data)
    assert cell.of("comm_open") == []


def test_view_text_is_printed(kernel):
    cell = kernel.run("%%energy --view text\nmodel(x);")
    assert cell.displays == []
    assert "Sequential" in cell.stream("stdout")
    assert "GTX 1080 Ti PC" in cell.stream("stdout")
    assert "\x1b" not in cell.stream("stdout")


def test_view_none_shows_nothing_and_keeps_the_report(kernel):
    cell = kernel.run("%%energy --view none\nmodel(x);")
    assert cell.displays == []
    assert cell.stream("stdout") == cell.stream("stderr") == ""
    assert kernel.value("_energy.total_joules > 0")


def test_depth_limits_what_is_shown(kernel):
    kernel.run("deep = nn.Sequential(nn.Sequential(nn.Sequential(nn.Tanh())))")
    shown = [
        kernel.run(f"%%energy --view text {depth}\ndeep(x);").stream("stdout")
        for depth in ("", "--depth 1")
    ]
    assert "Tanh" in shown[0]
    assert "Tanh" not in shown[1]
    cell = kernel.run("%%energy --depth 1\ndeep(x);")
    assert "Tanh" not in cell.displays[0]["text/plain"]
    [content] = cell.of("display_data")  # and the MIME renderer is told
    assert content["metadata"] == {MIME_TYPE: {"expanded_depth": 1}}
    assert kernel.value("any(node.class_name == 'Tanh' for node in _energy.walk())")


def test_output_and_save(kernel, tmp_path: Path):
    path = tmp_path / "a run.energy.json"
    cell = kernel.run(f"%%energy --output kept --save '{path}'\nmodel(x);")
    assert cell.ok
    assert kernel.value("kept is _energy")
    saved = json.loads(path.read_text(encoding="utf-8"))
    assert saved["total_joules"] == kernel.value("kept.total_joules")
    kernel.run("import irene_jupyter as irene")
    assert kernel.value(f"irene.load_report({str(path)!r}).to_dict() == kept.to_dict()")


def test_save_is_relative_to_the_folder_at_the_start(kernel, tmp_path: Path):
    (tmp_path / "other").mkdir()
    kernel.run(f"import os; here = os.getcwd(); os.chdir({str(tmp_path)!r})")
    cell = kernel.run("%%energy --save run.json --view none\nos.chdir('other')\nmodel(x);")
    kernel.run("os.chdir(here)")
    assert cell.ok
    assert (tmp_path / "run.json").is_file()


def test_save_that_fails_after_the_cell_is_one_line(kernel, tmp_path: Path):
    gone = tmp_path / "gone"
    gone.mkdir()
    cell = kernel.run(
        f"%%energy --save {gone}/run.json\nimport shutil; shutil.rmtree({str(gone)!r})\nmodel(x)\n5"
    )
    assert cell.ok
    assert cell.result == "5"
    assert cell.stream("stderr").count("\n") == 1
    assert "not saved" in cell.stream("stderr")
    assert len(cell.displays) == 1


def test_method_is_passed_on(kernel):
    usual, paper = (
        kernel.run(f"%%energy --method {method}\nmodel(x);").displays[0][MIME_TYPE]
        for method in ("additive", "irene")
    )
    assert usual["total_joules"] != paper["total_joules"]
    assert any("irene without resource features" in note for note in paper["notes"])


def test_device_is_passed_on(kernel):
    cell = kernel.run("%%energy --device gtx1080ti\nmodel(x);")
    assert cell.displays[0][MIME_TYPE]["device"]["label"] == "GTX 1080 Ti PC"


def test_models_restrict_the_report(kernel):
    cell = kernel.run(
        "%%energy made 'models[0]'\n"
        "made = nn.Sequential(nn.Linear(8, 4))\nmodels = [nn.Sequential(nn.Linear(8, 2))]\n"
        "made(x); models[0](x); model(x);"
    )
    assert cell.ok, cell.traceback
    assert cell.stream("stderr") == ""
    assert kernel.value("len(_energy.models)") == 2
    kernel.run("%%energy --view none made\nmade(x); model(x);")
    assert kernel.value("len(_energy.models)") == 1


def test_unknown_model_is_one_line_and_the_cell_is_intact(kernel):
    cell = kernel.run("%%energy nowhere made --depth 2\nmade(x); model(x)\n'value'")
    assert cell.ok
    assert cell.result == "'value'"
    assert cell.stream("stderr").count("\n") == 1
    assert "nowhere" in cell.stream("stderr")
    assert kernel.value("len(_energy.models)") == 1


def test_something_that_is_no_model(kernel):
    cell = kernel.run("%%energy x\nmodel(x);")
    assert cell.ok
    assert "no torch model but a Tensor" in cell.stream("stderr")
    assert "shows all" in cell.stream("stderr")
    assert kernel.value("len(_energy.models)") == 1


def test_batch_size_and_seq_len_are_for_models_that_were_not_called(kernel):
    cell = kernel.run(
        "%%energy --batch-size 5 --view none\nunused = nn.Sequential(nn.Linear(8, 8))"
    )
    assert cell.ok
    assert kernel.value("[(run.status, run.batch_size) for run in _energy.runs]") == [
        ("not_run", 5)
    ]


def test_a_report_as_last_value_is_the_same_display(kernel):
    kernel.run("%%energy --view none\nmodel(x);")
    [result] = kernel.run("_energy", metadata={}).of("execute_result")
    assert {MIME_TYPE, WIDGET, "text/html", "text/plain"} == set(result["data"])


def test_alias_and_call_by_hand(kernel):
    kernel.run("%alias_magic joules energy")
    cell = kernel.run("%%joules --view none\nby_alias = model(x)\n6 * 7")
    assert cell.ok, cell.traceback
    assert cell.result == "42"
    assert kernel.value("(tuple(by_alias.shape), _energy.total_joules > 0)") == ((2, 8), True)
    cell = kernel.run("get_ipython().run_cell_magic('energy', '--view none', '1 / 0')")
    assert cell.reply["ename"] == "ZeroDivisionError"
    assert "irene_jupyter" not in cell.traceback


# --- loading --------------------------------------------------------------------------------------


def test_load_unload_reload(kernel_factory):
    kernel = kernel_factory()
    kernel.run(STATE)
    kernel.run("%unload_ext nothing")  # IPython itself registers some magics on first use
    before = kernel.value("_state()")
    assert kernel.run("%load_ext irene_jupyter").ok
    loaded = kernel.value("_state()")
    assert loaded != before

    again = kernel.run("%load_ext irene_jupyter")
    assert "already loaded" in again.stream("stdout")
    assert kernel.run(
        "import irene_jupyter; irene_jupyter.load_ipython_extension(get_ipython())"
    ).ok
    assert kernel.run("del irene_jupyter").ok
    assert kernel.value("_state()") == loaded

    assert kernel.run("%reload_ext irene_jupyter").ok
    assert kernel.value("_state()") == loaded
    cell = kernel.run(
        "%%energy --view text\nimport torch; torch.nn.Sequential(torch.nn.Tanh())(torch.ones(2))"
    )
    assert "Sequential" in cell.stream("stdout")
    assert WIDGET in kernel.run("_energy", metadata={}).of("execute_result")[0]["data"]

    assert kernel.run("%unload_ext irene_jupyter").ok
    assert kernel.value("_state()") == before
    assert WIDGET not in kernel.run("_energy").of("execute_result")[0]["data"]
    refused = kernel.run("%%energy\nran = True")
    assert refused.reply["ename"] == "UsageError"
    assert "not found" in refused.stream("stderr")
    assert kernel.value("'ran' in globals()") is False
    assert kernel.complete("%%energy --vi") == []

    assert kernel.run("%load_ext irene_jupyter").ok
    assert kernel.value("_state()") == loaded


def test_unload_brings_back_magics_that_ours_covered(kernel_factory):
    kernel = kernel_factory()
    kernel.run(
        "from IPython.core.magic import register_cell_magic\n"
        "@register_cell_magic\ndef energy(line, cell):\n    return 'theirs'"
    )
    assert kernel.run("%%energy\n1").result == "'theirs'"
    kernel.run("%load_ext irene_jupyter")
    assert kernel.run("%%energy --view none\n1").result == "1"
    kernel.run("%unload_ext irene_jupyter")
    assert kernel.run("%%energy\n1").result == "'theirs'"


def test_loading_imports_nothing_heavy(kernel_factory):
    kernel = kernel_factory()
    kernel.run("%load_ext irene_jupyter\nimport sys")
    heavy = "{'torch', 'transformers', 'pandas', 'sklearn', 'ipywidgets'}"
    assert kernel.value(f"{heavy} & set(sys.modules)") == set()


def test_trouble_of_our_own_is_one_line(kernel_factory):
    kernel = kernel_factory()
    kernel.run(
        "%load_ext irene_jupyter\nimport torch\nmodel = torch.nn.Sequential(torch.nn.Tanh())"
    )
    kernel.run("import irene_jupyter.measurement as m\nold = m.EnergyMonitor.__exit__")
    kernel.run(
        "def broken(self, *error):\n    old(self, *error)\n"
        "    raise irene.IreneError('two\\nlines')\n"
        "import irene_jupyter as irene\nm.EnergyMonitor.__exit__ = broken"
    )
    cell = kernel.run("%%energy\nmodel(torch.ones(1))\n'mine'")
    assert cell.ok
    assert cell.result == "'mine'"
    assert cell.stream("stderr") == "%%energy: no report: two lines\n"
    assert kernel.value("'_energy' in globals()") is False
    cell = kernel.run("%%energy\n1 / 0")
    assert cell.reply["ename"] == "ZeroDivisionError"
    assert "broken" not in cell.traceback
    assert cell.stream("stderr").count("\n") == 1


def test_interrupt_of_our_own_work_stops_run_all_and_keeps_the_cells_values(kernel_factory):
    kernel = kernel_factory()
    kernel.run("%load_ext irene_jupyter\nimport torch, irene_jupyter.measurement as m")
    kernel.run(
        "def slow(self, recorder, sampler, end, error, apart, only):\n"
        "    print('analysing', flush=True)\n    import time\n"
        "    while not apart.is_stopped(): time.sleep(.05)\n"
        "m.EnergyMonitor._analyse = slow"
    )
    cell = kernel.run("%%energy\ndone = 1", when_busy=kernel.interrupt)
    assert cell.reply["status"] == "error"
    assert cell.reply["ename"] == "UsageError"
    assert "the cell itself had ended" in cell.reply["evalue"]
    assert "cell_session" not in cell.traceback + cell.stream("stderr")
    assert kernel.value("done") == 1
    cell = kernel.run("%%energy\n1 / 0", when_busy=kernel.interrupt)
    assert cell.reply["ename"] == "ZeroDivisionError"
    assert "irene_jupyter" not in cell.traceback

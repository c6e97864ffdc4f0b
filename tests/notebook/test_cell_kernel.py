"""`%%energy` around real cells in a real kernel: the cell behaves as it would without."""

from __future__ import annotations

import pytest

MIME_TYPE = "application/vnd.irene.energy+json"
WIDGET = "application/vnd.jupyter.widget-view+json"


# --- errors ---------------------------------------------------------------------------------------


def assert_clean(traceback: str) -> None:
    assert "irene_jupyter" not in traceback
    assert "hidden" not in traceback


def test_error_is_an_error_reply_with_a_clean_traceback(kernel):
    cell = kernel.run("%%energy\ny = model(x)\n\n1 / 0\nafter = 1")
    assert cell.reply["status"] == "error"
    assert cell.reply["ename"] == "ZeroDivisionError"
    assert len(cell.of("error")) == 1
    assert "----> 4 1 / 0" in cell.traceback
    assert "line 4" in cell.traceback
    assert_clean(cell.traceback)
    assert kernel.value("'after' in globals()") is False
    assert kernel.value("tuple(y.shape)") == (2, 8)


def test_error_says_one_line_and_keeps_what_ran(kernel):
    cell = kernel.run("%%energy --output partial\nmodel(x)\n1 / 0")
    assert cell.stream("stderr").count("\n") == 1
    assert "partial" in cell.stream("stderr")
    assert cell.stream("stdout") == ""
    assert cell.displays == []
    assert kernel.value("partial is _energy and partial.total_joules > 0")


def test_error_before_any_model_says_nothing(kernel):
    cell = kernel.run("%%energy\n1 / 0")
    assert cell.stream("stderr") == ""
    assert cell.displays == []


@pytest.mark.parametrize("mode", ["Verbose", "Context", "Plain", "Minimal"])
def test_error_inside_a_forward_shows_no_frame_of_ours(kernel, mode):
    kernel.run(f"%xmode {mode}")
    try:
        cell = kernel.run("%%energy\nwide = torch.ones(2, 9)\nmodel(wide)")
    finally:
        kernel.run("%xmode Context")
    assert cell.reply["ename"] == "RuntimeError"
    assert "mat1 and mat2" in cell.traceback
    assert_clean(cell.traceback)
    if mode != "Minimal":
        assert "linear.py" in cell.traceback
        assert "line 3" in cell.traceback


def test_error_in_the_last_expression_has_its_line(kernel):
    cell = kernel.run("%%energy\na = 1\nb = 2\n(a +\n missing)")
    assert cell.reply["ename"] == "NameError"
    assert "----> 5" in cell.traceback
    assert_clean(cell.traceback)


def test_error_in_a_function_of_the_cell(kernel):
    cell = kernel.run("%%energy\ndef f():\n    raise KeyError('k')\n\nf()")
    assert "----> 5 f()" in cell.traceback
    assert "----> 3     raise KeyError" in cell.traceback
    assert_clean(cell.traceback)


def test_error_raised_from_another_keeps_its_cause(kernel):
    cell = kernel.run(
        "%%energy\ntry:\n    model(torch.ones(1, 3))\nexcept RuntimeError as e:\n"
        "    raise ValueError('mine') from e"
    )
    assert cell.reply["ename"] == "ValueError"
    assert "direct cause" in cell.traceback
    assert "mat1 and mat2" in cell.traceback
    assert_clean(cell.traceback)


def test_later_cells_of_run_all_do_not_run(kernel):
    kernel.run("ran = False")
    first = kernel.client.execute("%%energy\n1 / 0", stop_on_error=True)
    second = kernel.client.execute("ran = True")
    replies = {}
    while len(replies) < 2:
        message = kernel.client.get_shell_msg(timeout=60)
        replies[message["parent_header"]["msg_id"]] = message["content"]["status"]
    assert replies == {first: "error", second: "aborted"}
    assert kernel.value("ran") is False


def test_syntax_error_is_the_users_own(kernel):
    kernel.run("_energy = 'untouched'; ran = False")
    cell = kernel.run("%%energy\nran = True\nx = = 1")
    assert cell.reply["ename"] == "SyntaxError"
    assert "line 3\n    x = = 1" in cell.traceback
    assert_clean(cell.traceback)
    assert kernel.value("(ran, _energy)") == (False, "untouched")


def test_return_outside_a_function_is_a_syntax_error(kernel):
    kernel.run("ran = False")
    cell = kernel.run("%%energy\nran = True\nreturn 1")
    assert cell.reply["ename"] == "SyntaxError"
    assert kernel.value("ran") is True  # as without `%%energy`: IPython goes by statements


def test_a_docstring_future_and_await_together(kernel):
    """Python takes one string above `from __future__`, and ours is one."""
    body = (
        "\n# about\n'''Doc\nstring.'''\n\nfrom __future__ import annotations\n"
        "import asyncio\nawait asyncio.sleep(0)\nmodel(x)\nraise ValueError(__doc__)"
    )
    cell = kernel.run(f"%%energy\n{body}")
    assert (cell.reply["ename"], cell.reply["evalue"]) == ("ValueError", "Doc\nstring.")
    assert "line 11" in cell.traceback
    assert_clean(cell.traceback)
    assert kernel.value("_energy.total_joules > 0")
    assert kernel.run("%%energy --view none\nmodel(x)").ok  # nothing is left open


def test_what_python_does_not_take_as_one_block_runs_unmeasured(kernel):
    kernel.run("_energy = 'untouched'")
    cell = kernel.run("%%energy\nimport asyncio\nz = 1\nglobal z\nz + 1")
    assert (cell.ok, cell.result) == (True, "2")
    assert "%%energy: not measured" in cell.stream("stderr")
    assert kernel.value("_energy") == "untouched"


def test_interrupt_goes_through(kernel):
    cell = kernel.run(
        "%%energy\nimport time\nmodel(x)\nprint('sleeping', flush=True)\ntime.sleep(50)\nlate = 1",
        when_busy=kernel.interrupt,
    )
    assert cell.reply["status"] == "error"
    assert cell.reply["ename"] == "KeyboardInterrupt"
    assert "line 5" in cell.traceback
    assert_clean(cell.traceback)
    assert kernel.value("'late' in globals()") is False
    assert kernel.value("_energy.total_joules > 0")
    assert (
        kernel.value(
            "[t.name for t in __import__('threading').enumerate() if t.name.startswith('irene')]"
        )
        == []
    )
    assert kernel.run("%%energy --view none\nmodel(x).shape").result == "torch.Size([2, 8])"


def test_interrupt_of_an_awaiting_cell_goes_through(kernel):
    cell = kernel.run(
        "%%energy\nimport asyncio\nprint('waiting', flush=True)\n"
        "for i in range(500):\n    await asyncio.sleep(.1)",
        when_busy=kernel.interrupt,
    )
    assert cell.reply["status"] == "error"
    assert cell.reply["ename"] == "CancelledError"  # ipykernel's word for it
    assert_clean(cell.traceback)
    assert kernel.value("1 + 1") == 2


def test_system_exit_goes_through(kernel):
    cell = kernel.run("%%energy\nmodel(x)\nraise SystemExit(3)")
    assert cell.reply["status"] == "error"
    assert cell.reply["ename"] == "SystemExit"
    assert_clean(cell.traceback)
    assert kernel.value("1 + 1") == 2


# --- values ---------------------------------------------------------------------------------------


def test_last_expression_is_displayed_and_remembered(kernel):
    cell = kernel.run("%%energy\nmodel(x)\n6 * 7")
    assert cell.result == "42"
    assert len(cell.displays) == 1
    count = cell.reply["execution_count"]
    assert kernel.value(f"(Out[{count}], _{count})") == (42, 42)
    assert kernel.run("_").result == "42"


@pytest.mark.parametrize("last", ["6 * 7;", "6 * 7 ;  # said", "model(x);"])
def test_semicolon_suppresses(kernel, last):
    cell = kernel.run(f"%%energy\nmodel(x)\n{last}")
    assert cell.ok
    assert cell.result is None
    assert len(cell.displays) == 1


@pytest.mark.parametrize(
    "last", ["def f(): pass", "class C: pass", "z = 5", "for _i in range(2): _i", "import os"]
)
def test_no_result_where_the_last_statement_is_no_expression(kernel, last):
    cell = kernel.run(f"%%energy\nmodel(x)\n{last}")
    assert cell.ok
    assert cell.result is None
    assert len(cell.displays) == 1


def test_the_last_expression_is_measured_and_its_repr_is_not(kernel):
    kernel.run(
        "class Loud:\n    def __repr__(self):\n        model(x); model(x)\n        return 'loud'"
    )
    cell = kernel.run("%%energy\n(model(x), Loud())[1]")
    assert cell.result == "loud"
    assert kernel.value("sum(run.calls for run in _energy.runs)") == 1


def test_variables_are_the_users_and_no_name_is_left(kernel):
    before = kernel.value("sorted(k for k in globals() if not k.startswith('_'))")
    cell = kernel.run("%%energy\nfresh = model(x)\ncount = 3\ncount += 1\ncount")
    assert cell.result == "4"
    after = kernel.value("sorted(k for k in globals() if not k.startswith('_'))")
    assert set(after) - set(before) <= {"fresh", "count"}
    hidden = kernel.value("[k for k in globals() if 'irene' in k.lower() or not k.isidentifier()]")
    assert hidden == []


def test_global_statement_functions_and_deletion(kernel):
    cell = kernel.run(
        "%%energy\nglobal g\ng = 1\ndef raise_g():\n    global g\n    g += 1\n"
        "raise_g()\ntemporary = 1\ndel temporary\nnote: int = 4\ng"
    )
    assert cell.result == "2"
    assert kernel.value("(g, note, 'temporary' in globals())") == (2, 4, False)


def test_future_import_and_docstring_may_stand_first(kernel):
    cell = kernel.run(
        '%%energy\n"""About this cell."""\nfrom __future__ import annotations\n'
        "def typed(a: NotAName): return 8\ntyped(model(x))"
    )
    assert cell.ok, cell.traceback
    assert cell.result == "8"
    assert kernel.value("_energy.total_joules > 0")


def test_future_import_and_await_in_one_cell(kernel):
    cell = kernel.run(
        "%%energy --view none\nfrom __future__ import annotations\n"
        "import asyncio\nawait asyncio.sleep(0, 5)"
    )
    assert cell.ok, cell.traceback
    assert cell.result == "5"


@pytest.mark.parametrize("body", ["'only a string'", "from __future__ import division", "..."])
def test_cells_of_one_odd_statement(kernel, body):
    cell = kernel.run(f"%%energy --view none\n{body}")
    assert cell.ok, cell.traceback
    plain = kernel.run(body)
    assert cell.result == plain.result


@pytest.mark.parametrize(
    ("mode", "body", "shown"),
    [
        ("all", "1\nfor i in (2, 3): i\n4", ["1", "2", "3", "4"]),
        ("last", "1\nfor i in (2, 3):\n    i", ["2", "3"]),
        ("last", "1\n2", ["2"]),
        ("last", "1\ndef f(): 7", []),
        ("last_expr", "1\nfor i in (2, 3): i", []),
        ("last_expr_or_assign", "1\nkept = 9", ["9"]),
        ("last_expr_or_assign", "kept = 9\nkept += 1", ["10"]),
        ("last_expr_or_assign", "kept: int = 5", ["5"]),
        ("last_expr_or_assign", "a = b = 5", []),
        ("none", "1\n2", []),
    ],
)
def test_ast_node_interactivity_is_honoured(kernel, mode, body, shown):
    kernel.run(f"get_ipython().ast_node_interactivity = '{mode}'")
    try:
        plain = kernel.run(body)
        cell = kernel.run(f"%%energy --view none\n{body}")
    finally:
        kernel.run("get_ipython().ast_node_interactivity = 'last_expr'")
    results = [
        [item["data"]["text/plain"] for item in c.of("execute_result")] for c in (plain, cell)
    ]
    assert results == [shown, shown]


def test_line_numbers_are_kept_across_blank_lines(kernel):
    cell = kernel.run("%%energy\n\n\n# a comment\n\nimport sys\nsys._getframe().f_lineno")
    assert cell.result == "7"


def test_warnings_name_the_users_line(kernel):
    cell = kernel.run("%%energy\nimport warnings\nwarnings.warn('careful')")
    assert "careful" in cell.stream("stderr")
    assert "irene_jupyter" not in cell.stream("stderr")


# --- await, other magics, shell -------------------------------------------------------------------


def test_top_level_await(kernel):
    cell = kernel.run(
        "%%energy\nimport asyncio\nasync def work():\n    await asyncio.sleep(0)\n"
        "    return model(x).shape[1]\nfirst = await work()\nawait work() + first"
    )
    assert cell.ok, cell.traceback
    assert cell.result == "16"
    assert kernel.value("sum(run.calls for run in _energy.runs)") == 2


def test_error_after_await(kernel):
    cell = kernel.run("%%energy\nimport asyncio\nawait asyncio.sleep(0)\n1 / 0")
    assert cell.reply["ename"] == "ZeroDivisionError"
    assert "----> 4 1 / 0" in cell.traceback
    assert_clean(cell.traceback)


@pytest.mark.parametrize("first", ["%%energy\n%%time\n", "%%time\n%%energy\n"])
def test_time_above_and_below(kernel, first):
    cell = kernel.run(f"{first}timed = model(x)\ntimed.shape[1]")
    assert cell.ok, cell.traceback
    assert cell.result == "8"
    assert "Wall time" in cell.stream("stdout")
    assert len(cell.displays) == 1
    assert kernel.value("(tuple(timed.shape), _energy.total_joules > 0)") == ((2, 8), True)


@pytest.mark.parametrize("first", ["%%energy\n%%time\n", "%%time\n%%energy\n"])
def test_error_under_two_magics(kernel, first):
    cell = kernel.run(f"{first}model(x)\n1 / 0")
    assert cell.reply["ename"] == "ZeroDivisionError"
    assert_clean(cell.traceback)


def test_capture_above_takes_the_display(kernel):
    cell = kernel.run("%%capture captured\n%%energy\nprint('said')\nmodel(x)\n'value'")
    assert cell.ok
    assert cell.displays == []
    assert cell.stream("stdout") == ""
    assert kernel.value("captured.stdout") == "said\n"
    assert kernel.value(f"[{MIME_TYPE!r} in o.data for o in captured.outputs]") == [True, False]


def test_capture_below_leaves_the_display(kernel):
    cell = kernel.run("%%energy\n%%capture captured\nprint('said')\nmodel(x)\n'value'")
    assert cell.ok
    assert len(cell.displays) == 1
    assert cell.result is None
    assert kernel.value("captured.stdout") == "said\n"
    assert kernel.value("_energy.total_joules > 0")


def test_another_languages_cell_below(kernel):
    cell = kernel.run("%%energy\n%%bash\necho from bash")
    assert cell.stream("stdout").startswith("from bash\n")
    assert "No PyTorch model" in cell.stream("stdout")


def test_line_magics_and_shell_commands_within(kernel):
    cell = kernel.run(
        "%%energy --view none\nlisted = !echo one two\n!echo aloud\n%time y = model(x)\n"
        "where = %pwd\nname = 'x'\n!echo {name} $name"
    )
    assert cell.ok, cell.traceback
    out = cell.stream("stdout")
    assert "aloud" in out
    assert "Wall time" in out
    assert "x x" in out
    assert kernel.value("(list(listed), bool(where))") == (["one two"], True)


def test_one_line_bodies_are_transformed_as_ipython_does(kernel):
    cell = kernel.run("%%energy --view none\nx?")
    assert cell.ok
    assert cell.reply["payload"][0]["source"] == "page"
    assert kernel.run("%%energy --view none\n%pwd").result
    assert kernel.run("%%energy --view none\npwd").result  # automagic


def test_indented_body_and_prompts(kernel):
    cell = kernel.run("%%energy --view none\n    a = 1\n    a + 1")
    assert cell.result == "2"
    cell = kernel.run("%%energy --view none\n>>> a = 2\n>>> a + 1")
    assert cell.result == "3"


def test_cells_in_a_row_are_independent(kernel):
    kernel.run("%%energy --output first\nmodel(x)\nmodel(x)")
    kernel.run("%%energy --output second\nmodel(x)")
    assert kernel.value("[sum(r.calls for r in e.runs) for e in (first, second)]") == [2, 1]
    assert kernel.value("_energy is second")


def test_cell_without_a_model_says_so_in_one_line(kernel):
    cell = kernel.run("%%energy\n1 + 1")
    assert cell.result == "2"
    assert cell.displays == []
    assert cell.stream("stdout") == "No PyTorch model was built or run in this cell.\n"


def test_silent_execution(kernel):
    count = kernel.run("0").reply["execution_count"]
    cell = kernel.run("%%energy --view none\nquiet = 11\nmodel(x)", silent=True)
    assert cell.ok
    assert cell.result is None
    assert kernel.value("quiet") == 11
    assert kernel.run("0").reply["execution_count"] == count + 1


def test_user_code_sees_no_difference_in_its_result(kernel):
    code = "torch.manual_seed(0); m = nn.Sequential(nn.Linear(8, 8), nn.Dropout(.5)); m(x)"
    kernel.run(f"{code.replace('m(x)', 'plain = m(x)')}")
    kernel.run(f"%%energy --view none\n{code.replace('m(x)', 'under = m(x)')}")
    assert kernel.value("torch.equal(plain, under)")

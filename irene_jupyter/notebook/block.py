"""`%%energy` on a cell, without running the cell from inside a magic.

A magic that executes the user's code itself loses something: tracebacks show its frames,
`await` or `;` stop working. So IPython runs the cell as it always does, and we only put a
`with` around it, in two steps:

1. `EnergyLine`, an input transformer, turns the line `%%energy ARGS` into the string
   literal `'%%energy ARGS'`, one line for one line, and lets IPython transform the rest as
   a cell of its own (so that another `%%magic` can follow).
2. `EnergyBlock`, an AST transformer, finds that literal and wraps what follows:

       with <begin('ARGS')>:             'ARGS' is checked before the cell runs
           ...
           <keep(last expression)>       evaluated inside,
       <take()>                          displayed outside: its repr is not measured

A string literal, and not a call, because `from __future__` may follow a docstring, and
because a traceback near the top of the cell then shows what the user wrote. A cell that Python
takes statement by statement, as IPython compiles it, and not as one block (`global x` below a use
of x, a `return` at the end) runs as it would, unmeasured. `%%prun` and
other magics that execute transformed text without IPython's AST transformers run such a
cell unmeasured.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, Any

from IPython.utils.process import arg_split  # type: ignore[attr-defined]

from irene_jupyter.notebook.display import say

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_LINE = re.compile(r"%%energy(?:\s+(?P<arguments>.*))?", re.DOTALL)


class EnergyLine:
    """Input transformer: `%%energy ARGS` becomes a string literal on the same line.

    A call for help, and a cell that is not to run, go to the cell magic.
    """

    # `check_complete` skips transformers that say so, and then sees a `%%` cell: a terminal
    # goes on asking for lines until a blank one.
    has_side_effects = True

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        if not lines:
            return lines
        match = _LINE.fullmatch(lines[0].rstrip())
        if match is None:
            return lines
        arguments = match["arguments"] or ""
        if wants_help(arguments):  # the body is dropped; "\n" because IPython refuses ""
            return [f"get_ipython().run_cell_magic('energy', {arguments!r}, '\\n')\n"]
        if refusal(lines[1:]):
            return lines
        body = self._transformed(lines[1:])
        if (start := _docstring_before_future(body)) is not None:
            # Python takes one string above `from __future__`: the two become one literal.
            between = ["\\\n"] * start
            return [repr(match.group() + "\n") + " \\\n", *between, *body[start:]]
        return [repr(match.group()) + "\n", *body]

    def _transformed(self, body: list[str]) -> list[str]:
        """The cell's body as IPython would transform it alone, no line moved."""
        first = next(index for index, line in enumerate(body) if line.strip())
        manager = self._shell.input_transformer_manager
        text: str = manager.transform_cell("".join(body[first:]))
        if len(text.splitlines()) == 1:  # as in InteractiveShell.transform_cell: `ls`, macros
            with self._shell.builtin_trap:
                prefilter: Any = self._shell.prefilter_manager
                text = prefilter.prefilter_lines(text) + "\n"
        return ["\n"] * first + text.splitlines(keepends=True)


class EnergyBlock(ast.NodeTransformer):
    """AST transformer: the body of a marked cell goes into a `with`."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell

    def visit(self, node: ast.AST) -> ast.AST:
        """IPython's entry point: `node` is the cell's module."""
        if not isinstance(node, ast.Module) or (marked := _marked(node)) is None:
            return node
        arguments, plain = marked
        wrapped = _wrapped(node.body[0], plain, arguments, self._shell.ast_node_interactivity)
        if self._compiles(node) and self._compiles(wrapped):
            return wrapped
        # IPython compiles statement by statement: those above one that Python refuses have run
        # by then, and so they must here. (A cell that does not parse never comes this far.) Nor
        # does IPython see an `await` in such a cell, and would leave our block half-way.
        say("not measured: Python does not take this cell as one block")
        return plain

    def _compiles(self, module: ast.Module) -> bool:
        flags = self._shell.compile.flags
        if self._shell.autoawait:
            flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        with warnings.catch_warnings():  # IPython compiles again, and shows them
            warnings.simplefilter("ignore")
            try:
                compile(module, "<%%energy>", "exec", flags, dont_inherit=True)
            except (SyntaxError, ValueError):
                return False
        return True


def wants_help(arguments: str) -> bool:
    """Whether `--help` is among the arguments of the magic's line."""
    return not {"-h", "--help"}.isdisjoint(arg_split(arguments, strict=False))


def refusal(body: list[str]) -> str | None:
    """Why the lines under `%%energy` cannot run, or None."""
    code = [line for line in body if line.strip() and not line.lstrip().startswith("#")]
    if not code:
        return "the cell is empty; write the code to measure below the line, or see %%energy?"
    if _LINE.fullmatch(code[0].strip()):
        return "the line stands twice; put all its arguments on one"
    return None


def _docstring_before_future(body: list[str]) -> int | None:
    """The line where a docstring begins that `from __future__` follows, None without one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            statements = ast.parse("".join(body)).body
        except (SyntaxError, ValueError):
            return None
    match _prologue(statements):
        case [ast.Expr(lineno=line), _, *_]:
            return line - 1
    return None


def _marked(module: ast.Module) -> tuple[str, ast.Module] | None:
    """The arguments behind `%%energy`, and the user's module, if it begins with the marker."""
    match module.body:
        case [ast.Expr(value=ast.Constant(value=str(text)), lineno=1) as marker, *body]:
            line, joined, docstring = text.partition("\n")
            found = _LINE.fullmatch(line)
            if found is None:
                return None
            if joined:
                own = ast.Expr(ast.copy_location(ast.Constant(docstring), marker.value))
                body.insert(0, ast.copy_location(own, marker))
            return found["arguments"] or "", ast.Module(body, module.type_ignores)
    return None


def _wrapped(
    marker: ast.stmt, module: ast.Module, arguments: str, interactivity: str
) -> ast.Module:
    body = list(module.body)
    prologue = _prologue(body)
    body = body[len(prologue) :]
    if not body:  # nothing but a docstring or `from __future__`: no block can hold it
        body = [ast.copy_location(ast.Pass(), prologue[-1])]
    tail = _tail(body, interactivity)
    block = ast.With(
        items=[ast.withitem(context_expr=_call("begin", ast.Constant(arguments)))], body=body
    )
    wrapped = [*prologue, ast.copy_location(block, marker), *tail]
    return ast.fix_missing_locations(ast.Module(body=wrapped, type_ignores=module.type_ignores))


def _prologue(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements that Python wants at the top of a file: docstring, `from __future__`."""
    last = 0
    for index, statement in enumerate(body):
        match statement:
            case ast.ImportFrom(module="__future__"):
                last = index + 1
            case ast.Expr(value=ast.Constant(value=str())) if index == 0:
                last = 1 if len(body) > 1 else 0  # alone, it is an expression to display
            case _:
                break
    return body[:last]


def _tail(body: list[ast.stmt], interactivity: str) -> list[ast.stmt]:
    """What follows the block, for IPython to display; moves the last expression of `body`.

    Honours `InteractiveShell.ast_node_interactivity`, which IPython applies to the last
    statement that it sees: without us it would see the user's.
    """
    last = body[-1]
    if interactivity == "all":  # the block runs as at Python's own prompt: all is displayed
        return []
    if interactivity == "last_expr_or_assign" and (name := _assigned_name(last)) is not None:
        return [ast.copy_location(ast.Expr(ast.Name(name, ast.Load())), last)]
    if isinstance(last, ast.Expr):
        body[-1] = ast.copy_location(ast.Expr(_call("keep", last.value)), last)
        return [ast.copy_location(ast.Expr(_call("take")), last)]
    if interactivity == "last":  # a compound statement: display what is in it, no more
        body[-1] = _Displayed().visit(last)
        return [ast.copy_location(ast.Pass(), last)]
    return []


def _assigned_name(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case ast.AugAssign(target=ast.Name(id=name)) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


class _Displayed(ast.NodeTransformer):
    """Sends expression statements to `sys.displayhook`, as Python's interactive mode does."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        return ast.copy_location(ast.Expr(_call("display", node.value)), node)

    def _unchanged(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _unchanged  # noqa: N815


def _call(method: str, *arguments: ast.expr) -> ast.Call:
    """`EnergyMagics.method(*arguments)`, reached without a name in the user's namespace."""
    load = ast.Load()
    shell = ast.Call(ast.Name("get_ipython", load), [], [])
    registry = ast.Attribute(ast.Attribute(shell, "magics_manager", load), "registry", load)
    magics = ast.Subscript(registry, ast.Constant("EnergyMagics"), load)
    return ast.Call(ast.Attribute(magics, method, load), list(arguments), [])

"""`%load_ext irene_jupyter`: `%%energy`, `%irene_devices`, completion, display of reports."""

# IPython's decorators and some of its methods carry no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from IPython.core.error import TryNext, UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from irene_jupyter.columns import aligned
from irene_jupyter.commands import calibrate
from irene_jupyter.commands.arguments import Arguments
from irene_jupyter.notebook.block import EnergyBlock, EnergyLine, refusal
from irene_jupyter.notebook.cell_options import ARGUMENTS, VIEWS, checked, parse
from irene_jupyter.notebook.cell_session import CellSession
from irene_jupyter.notebook.display import has_kernel, live_bundle
from irene_jupyter.notebook.live_trees import LiveTrees

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_REPORT = ("irene_jupyter.report.report", "EnergyReport")


def _takes(name: str, arguments: Arguments) -> Callable[[Any], Any]:
    """`magic_arguments(name)` over an `argument` for each of the `arguments`."""

    def decorated(magic: Any) -> Any:
        for names, keywords in reversed(list(arguments.items())):
            magic = argument(*names.split(), **keywords)(magic)
        return magic_arguments(name)(magic)

    return decorated


@magics_class
class EnergyMagics(Magics):
    """The magics, and what `irene_jupyter.notebook.block` puts around a cell.

    IPython files the instance under its class name in `magics_manager.registry`.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell=shell)
        self.ip = shell
        self.line = EnergyLine(shell)
        self.block = EnergyBlock(shell)
        self.trees = LiveTrees(shell)
        self.shadowed: dict[tuple[str, str], Any] = {}  # magics of the same names before ours
        self._kept: list[Any] = []

    # IPython shows the docstring with the options for `%%energy?`.
    @no_var_expand
    @_takes("%energy", ARGUMENTS)
    @cell_magic
    def energy(self, line: str, cell: str) -> Any:
        """Show where the joules of this cell go: models, their modules, their primitives.

        The cell runs as it would without this line. The report is in `_energy` afterwards.

            %%energy --batch-size 8
            model = BertModel(BertConfig())
        """
        __tracebackhide__ = True  # only code that calls this magic by hand comes through here
        arguments = parse(self.energy.parser, line)
        if arguments.help:
            # IPython formats help as reStructuredText, which begins with a mark for a block.
            print(self.energy.parser.format_help().removeprefix("::\n\n"))
            return None
        if (reason := refusal(cell.splitlines())) is not None:
            raise UsageError(f"%%energy: {reason}")
        source = repr(f"%%energy {line}") + "\n" + self.ip.transform_cell(cell)
        tree = self.block.visit(self.ip.compile.ast_parse(source, filename="<%%energy>"))
        tree = self.ip.transform_ast(tree)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(self.ip.compile(tree, "<%%energy>", "exec"), self.ip.user_ns)
        if last is None:
            return None
        expression = ast.Expression(last.value)
        compiled: Any = self.ip.compile  # annotated for text, and takes trees as well
        return eval(compiled(expression, "<%%energy>", "eval"), self.ip.user_ns)

    @line_magic
    def irene_devices(self, line: str) -> None:
        """List the device profiles that `%%energy --device NAME` knows."""
        from irene_jupyter.predictors.profiles.loading import devices

        rows = [("name", "device", "kind", "joules of")]
        rows += [(each.name, each.label, each.kind, f"the {each.scope}") for each in devices()]
        print(aligned(rows, "<<<<"))

    # With IPython's {variables}: in a room of machines each has its own --name.
    @_takes("irene_calibrate", calibrate.ARGUMENTS)
    @line_magic
    def irene_calibrate(self, line: str) -> None:
        """Measure this machine with a power meter, and store its device profile.

        Interrupting the kernel stops it; what was finished is kept, and --resume goes on.

            %irene_calibrate --meter emonpi:/dev/ttyUSB0 --suite quick
        """
        from irene_jupyter.notebook.calibration import run

        run(self.ip, parse(self.irene_calibrate.parser, line, "%irene_calibrate"))

    # --- called by the code around a cell -----------------------------------------------------

    def begin(self, line: str) -> CellSession:
        """The context manager for a cell. Raises `UsageError` where an argument is wrong."""
        self._kept.clear()  # of a cell that was interrupted before its value was displayed
        arguments = parse(self.energy.parser, line)
        if arguments.help:  # abbreviated, so that the input transformer did not see it
            raise UsageError("%%energy: write --help in full, or %%energy?")
        return CellSession(self.ip, checked(arguments), self.trees)

    def keep(self, value: Any) -> None:
        """Put the cell's last value by until the block is left."""
        self._kept.append(value)

    def take(self) -> Any:
        """The value that `keep` put by."""
        return self._kept.pop()

    def display(self, value: Any) -> None:
        """Display an expression within the last statement of the cell."""
        self.ip.displayhook(value)


def complete(shell: InteractiveShell, event: SimpleNamespace) -> list[str]:
    """Completions on the line `%%energy …`; `TryNext` leaves paths and attributes to IPython."""
    words = event.text_until_cursor.replace("=", " ").split()
    if event.symbol and words[-1:] == [event.symbol]:
        words.pop()
    if words[-1:] == ["--view"]:
        return list(VIEWS)
    if words[-1:] == ["--method"]:
        from irene_jupyter.predictors.methods import IN_PROFILES

        return list(IN_PROFILES)
    if words[-1:] == ["--device"]:
        from irene_jupyter.predictors.profiles.loading import devices

        return ["auto", *(device.name for device in devices())]
    if event.symbol.startswith("-"):
        actions = EnergyMagics.energy.parser._actions
        return [text for action in actions for text in action.option_strings if text[1] == "-"]
    if words[-1].startswith("--"):
        raise TryNext
    return _models(shell.user_ns)


def _models(names: dict[str, Any]) -> list[str]:
    """The variables that hold models; IPython completes no names on a magic's line."""
    torch = sys.modules.get("torch")  # before it is imported there are none
    if torch is None:
        return []
    return [
        name
        for name, value in names.items()
        if isinstance(value, torch.nn.Module) and not name.startswith("_")
    ]


def load(ip: InteractiveShell) -> None:
    """Register everything with the shell; harmless when it is there already."""
    if EnergyMagics.__name__ in ip.magics_manager.registry:
        return
    magics = EnergyMagics(ip)
    known = ip.magics_manager.magics
    for kind, names in magics.magics.items():
        magics.shadowed |= {
            (kind, name): known[kind][name] for name in names if name in known[kind]
        }
    ip.register_magics(magics)
    ip.input_transformers_cleanup.append(magics.line)
    ip.ast_transformers.append(magics.block)
    ip.set_hook("complete_command", complete, str_key="%%energy")
    if has_kernel(ip):
        ip.events.register("pre_run_cell", magics.trees.begin)
        shown = functools.partial(live_bundle, trees=magics.trees)
        _bundle_formatter(ip).for_type_by_name(*_REPORT, shown)


def unload(ip: InteractiveShell) -> None:
    """Leave the shell as it was before `load`."""
    magics = ip.magics_manager.registry.pop(EnergyMagics.__name__, None)
    if magics is None:
        return
    for kind, names in magics.magics.items():
        for name in names:
            ip.magics_manager.magics[kind].pop(name, None)
    for (kind, name), older in magics.shadowed.items():
        ip.magics_manager.magics[kind][name] = older
    for places, item in (
        (ip.configurables, magics),
        (ip.input_transformers_cleanup, magics.line),
        (ip.ast_transformers, magics.block),
    ):
        if item in places:  # the shell itself drops an AST transformer that failed
            places.remove(item)
    completers = ip.strdispatchers["complete_command"].strs
    chain = completers["%%energy"].chain
    chain[:] = [entry for entry in chain if getattr(entry[1], "__func__", None) is not complete]
    if not chain:
        del completers["%%energy"]
    _bundle_formatter(ip).pop(".".join(_REPORT), None)
    if magics.trees.begin in ip.events.callbacks["pre_run_cell"]:
        ip.events.unregister("pre_run_cell", magics.trees.begin)


def _bundle_formatter(ip: Any) -> Any:
    return ip.display_formatter.mimebundle_formatter

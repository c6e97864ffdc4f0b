"""After the cell: from what the recorder saw to one `Run` for each model and signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from torch import nn

from irene_jupyter.capture.builder import count_parameters
from irene_jupyter.capture.calls import Call
from irene_jupyter.capture.primitives import is_ignored
from irene_jupyter.capture.recorder import Recorder, Signature
from irene_jupyter.capture.structure import structure_of, tree_for, uncompiled
from irene_jupyter.errors import CaptureError, IreneError
from irene_jupyter.merging import moved
from irene_jupyter.tree import ModelTree, Node, Run

MAX_NOT_RUN = 8  # models that a cell only built and that are traced; the others are named


@dataclass(frozen=True, slots=True)
class Recorded:
    """The module of a run that was recorded live, and how its leaves were called, by path."""

    module: nn.Module
    path: str  # within the model, "" for the model itself
    calls: Mapping[str, Call]


@dataclass(frozen=True, slots=True)
class Captured:
    """What a cell did with models: a `Run` for each signature, and what could not be had.

    `owners` names the model of each signature that is in `runs`, by the signature's `id`, as the
    recorder's activity does.
    """

    runs: tuple[Run, ...] = ()
    notes: tuple[str, ...] = ()
    owners: Mapping[int, str] = field(default_factory=dict)
    recorded: tuple[Recorded | None, ...] = ()  # for each of `runs`, None where not live


def gather(
    recorder: Recorder,
    *,
    batch_size: int = 8,
    seq_len: int = 128,
    only: Sequence[nn.Module] = (),
    names: Mapping[int, str] | None = None,
    trace_unrecorded: bool = True,
) -> Captured:
    """Turns signatures into trees; traces what was compiled, or built and never called.

    `only` restricts the result to these models; `names` are display names by `id(module)`.
    With `trace_unrecorded=False` nothing is traced, as after an interrupt.
    """
    signatures = list(recorder.signatures.values())
    called = _unique(uncompiled(s.module) for s in signatures)
    built = _unique(uncompiled(module) for module in recorder.built)
    wanted = [uncompiled(module) for module in only]
    homes = _Homes(_tops(_unique([*called, *built])), wanted)
    naming = _Naming(names or {})
    runs: list[Run] = []
    notes: list[str] = []
    owners: dict[int, str] = {}
    recorded: list[Recorded | None] = []
    for signature in signatures:
        module = uncompiled(signature.module)
        home = homes.find(module)
        if home is None:
            continue
        top, path = home
        run, problem = _run_of(signature, naming.of(top), top, path, trace_unrecorded)
        if run is not None:
            runs.append(run)
            owners[id(signature)] = run.model
            calls = None if signature.recording is None else signature.recording.calls
            recorded.append(None if calls is None else Recorded(module, path, calls))
        if problem:
            notes.append(problem)
    runs = _prefilled(runs, recorded)
    if trace_unrecorded:
        ran = {id(homes.find(module)[0]) for module in called if homes.find(module)}  # type: ignore[index]
        idle = [top for top in homes.tops if id(top) not in ran]
        more, told = _built_only(idle, naming, batch_size, seq_len, bool(runs))
        runs += more
        notes += told
    recorded += [None] * (len(runs) - len(recorded))
    return Captured(tuple(runs), tuple(notes), owners, tuple(recorded))


def _prefilled(runs: list[Run], recorded: Sequence[Recorded | None]) -> list[Run]:
    """An encoder that generate() calls on its own belongs to the prefill of its model."""
    generating = {run.model for run in runs if run.phase is not None}
    done = []
    for run, record in zip(runs, recorded, strict=True):
        if run.phase is None and run.model in generating and record is not None and record.path:
            # What comes out tells the length: of a spectrogram it is not the input's.
            part = run.tree.root.find(record.path).features
            shape = part.output_shapes[0] if part.output_shapes else ()
            length = shape[1] if len(shape) > 2 else run.tree.seq_len
            tokens = run.calls * run.tree.batch_size * length
            run = replace(run, phase="prefill", tokens=tokens)
        done.append(run)
    return done


def _run_of(
    signature: Signature, name: str, top: nn.Module, path: str, trace: bool
) -> tuple[Run | None, str | None]:
    module = uncompiled(signature.module)
    inputs = signature.inputs
    node = signature.node
    notes: tuple[str, ...] = ()
    if node is None:
        if not trace:
            return None, f"{name} was called, but its tree was not made: the cell was interrupted"
        try:
            node = tree_for(module, inputs).root
        except CaptureError as error:
            return None, f"{name} ran {signature.calls} times and is not in the tree: {error}"
        notes = ("its tree comes from its shapes: hooks cannot see into compiled code",)
    root = node if module is top else _wrapped(node, top, path)
    returned = signature.calls > 0
    calls = signature.calls if returned else signature.failures
    rows = calls * inputs.batch_size // signature.beams
    tokens = 0
    if signature.phase is not None:  # without a cache a step reads all again, for one new token
        tokens = rows * (1 if signature.phase == "decode" else inputs.seq_len)
    return Run(
        model=name,
        tree=ModelTree(name, root, inputs.batch_size, inputs.seq_len),
        calls=calls,
        seconds=signature.seconds,
        status="run" if returned else "incomplete",
        training=signature.training,
        phase=signature.phase,
        tokens=tokens,
        items=0 if path or signature.phase == "decode" or signature.cache_length else rows,
        cache_length=signature.cache_length,
        notes=notes,
    ), None


def _built_only(
    idle: Sequence[nn.Module], naming: _Naming, batch_size: int, seq_len: int, others_ran: bool
) -> tuple[list[Run], list[str]]:
    runs: list[Run] = []
    notes: list[str] = []
    # Losses, activations and the like: of no interest beside a model.
    worthy = [top for top in idle if count_parameters(top) > 0 and not is_ignored(top)]
    for top in worthy[:MAX_NOT_RUN]:
        name = naming.of(top)
        try:
            tree = structure_of(top, batch_size, seq_len, name)
        except IreneError as error:
            notes.append(f"{name} was built and not run; no prediction: {error}")
            continue
        runs.append(Run(model=name, tree=tree, status="not_run", items=tree.batch_size))
    if len(worthy) > MAX_NOT_RUN:
        left = ", ".join(type(top).__name__ for top in worthy[MAX_NOT_RUN:][:5])
        notes.append(
            f"{len(worthy) - MAX_NOT_RUN} more models were built and not run ({left} …): name "
            "those that you want on the %%energy line"
        )
    if not worthy and not others_ran and idle:
        built = ", ".join(sorted({type(top).__name__ for top in idle})[:5])
        notes.append(f"modules without parameters were built and not run: {built}")
    return runs, notes


def _wrapped(node: Node, top: nn.Module, path: str) -> Node:
    """The tree of a part that was called on its own, under the model that it belongs to."""
    inner = replace(moved(node, path), type="ml" if node.primitive else "module")
    parents: list[tuple[str, nn.Module]] = []
    module, walked = top, ""
    for segment in path.split(".")[:-1]:
        module = module.get_submodule(segment)
        walked = f"{walked}.{segment}" if walked else segment
        if not isinstance(module, nn.ModuleList | nn.ModuleDict):
            parents.append((walked, module))
    for walked, module in reversed(parents):
        inner = _around(inner, walked, module, "module")
    return _around(inner, "", top, "model")


def _around(child: Node, path: str, module: nn.Module, kind: str) -> Node:
    features = replace(
        child.features,
        num_parameters=count_parameters(module),
        operation=None,
    )
    node = Node(path, "module", type(module).__name__, features, (child,))
    return replace(node, type="model", flags=child.flags) if kind == "model" else node


class _Homes:
    """Which model a module belongs to: an encoder called by generate() is its model's part."""

    def __init__(self, tops: Sequence[nn.Module], wanted: Sequence[nn.Module]) -> None:
        self.tops = list(tops)
        if wanted:
            chosen = {id(module) for module in wanted}
            self.tops = [top for top in tops if chosen & {id(m) for m in top.modules()}]
            # A wanted part of a model is shown as a model of its own.
            inner = [m for m in wanted if all(m is not top for top in self.tops)]
            self.tops = [top for top in self.tops if id(top) in chosen] + inner
        self._paths: dict[int, tuple[nn.Module, str]] = {}
        for top in self.tops:
            for path, module in top.named_modules():
                self._paths.setdefault(id(module), (top, path))

    def find(self, module: nn.Module) -> tuple[nn.Module, str] | None:
        """(model, path within it), None if the module belongs to none of interest."""
        return self._paths.get(id(module))


class _Naming:
    """One display name for each model: the user's variable, or the class, numbered."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = dict(names)
        self._taken: set[str] = set(names.values())

    def of(self, module: nn.Module) -> str:
        name = self._names.get(id(module))
        if name is None:
            base = name = type(module).__name__
            number = 2
            while name in self._taken:
                name = f"{base}_{number}"
                number += 1
            self._names[id(module)] = name
            self._taken.add(name)
        return name


def _tops(modules: Sequence[nn.Module]) -> list[nn.Module]:
    """Those of `modules` that are no other's child, in order."""
    children: set[int] = set()
    for module in modules:
        children.update(id(child) for child in module.modules() if child is not module)
    return [module for module in modules if id(module) not in children]


def _unique(modules: Iterable[nn.Module]) -> list[nn.Module]:
    return list({id(module): module for module in modules}.values())

"""After the cell: from what the recorder saw to one `Run` for each model and signature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import nn

from irene_jupyter.capture.copies.copies import uncompiled
from irene_jupyter.capture.copies.reach import modules_of
from irene_jupyter.capture.count.primitives import is_ignored
from irene_jupyter.capture.dry.by_size import TreesBySize
from irene_jupyter.capture.dry.revealing import revealed
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.capture.in_place.timed import LENT, with_times
from irene_jupyter.capture.record.builder import count_parameters
from irene_jupyter.capture.record.calls import Recorded
from irene_jupyter.capture.record.doubts import uncounted
from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.capture.training.step_trees import with_hidden
from irene_jupyter.capture.training_runs import Ran, trained
from irene_jupyter.capture.watch.homes import Homes, Naming, tops_of, under, unique
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.capture.watch.signed import Signature
from irene_jupyter.errors import CaptureError, IreneError
from irene_jupyter.tree import ModelTree, Node, Run

MAX_NOT_RUN = 8  # models that a cell only built and that are traced; the others are named


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
    known: Sequence[nn.Module] = (),
    names: Mapping[int, str] | None = None,
    may_trace: Callable[[], bool] = lambda: True,
) -> Captured:
    """Turns signatures into trees; traces what was compiled, or built and never called.

    `only` restricts the result to these models; `known` are models of before the cell, to which
    parts that were called may belong; `names` are display names by `id(module)`.
    What was not recorded is traced for as long as `may_trace()`: not after an interrupt.
    """
    signatures = recorder.signatures
    called = unique(uncompiled(s.module) for s in signatures if s.module is not None)
    within = unique(
        uncompiled(module) for s in signatures for module in modules_of(s.function)
    )  # compiled functions, whose trees hold them
    built = unique(uncompiled(module) for module in recorder.built)
    owned = [uncompiled(module) for module in known]
    wanted = [uncompiled(module) for module in only]
    homes = Homes(tops_of(unique([*called, *built, *owned])), wanted)
    naming = Naming(names or {})
    records = _Records(signatures, may_trace)
    runs: list[Run] = []
    notes = list(_notes_of(recorder))
    owners: dict[int, str] = {}
    recorded: list[Recorded | None] = []
    seen: list[tuple[Signature, tuple[nn.Module, str] | None]] = []  # of each run, and its home
    for signature in signatures:
        module = None if signature.module is None else uncompiled(signature.module)
        home = homes.find(module) if module is not None else None
        if home is None and (module is not None or wanted):
            continue
        name = naming.of(home[0]) if home else naming.of_gone(signature)
        run, problem = _run_of(signature, name, home, records)
        if run is not None:
            runs.append(run)
            seen.append((signature, home))
            owners[id(signature)] = run.model
            live = signature.record is not None and signature.record.node is not None
            recorded.append(
                Recorded(module, home[1], signature.record.calls)
                if live and home and module is not None and signature.record is not None
                else None
            )
        if problem:
            notes.append(problem)
    runs = _within_generation(runs, [(each, home[1] if home else "") for each, home in seen])
    ran = [
        Ran(run, signature, *records.with_gradients(signature), home)
        for run, (signature, home) in zip(runs, seen, strict=True)
    ]
    runs, of_training, told = trained(ran, recorder.passes, recorder.steps)
    notes += told
    if may_trace():
        met = {id(home[0]) for module in called if (home := homes.find(module))}
        met |= {id(home[0]) for module in within if (home := homes.find(module))}
        elsewhere = {id(module) for module in owned} - {id(module) for module in built}
        idle = [top for top in homes.tops if id(top) not in met and id(top) not in elsewhere]
        more, told = _built_only(idle, naming, batch_size, seq_len, bool(runs), may_trace)
        runs += more
        notes += told
    runs += of_training
    recorded += [None] * (len(runs) - len(recorded))
    return Captured(tuple(runs), tuple(dict.fromkeys(notes)), owners, tuple(recorded))


def _notes_of(recorder: Recorder) -> Iterator[str]:
    """What the recorder saw and cannot give a tree."""
    for name, calls in recorder.undescribed.items():
        yield (
            f"{name} ran {calls} times and is not in the tree: its arguments could not be "
            "described; call it with tensors, or objects that hold them in attributes"
        )
    if recorder.may_have_missed:
        yield (
            "compiled code ran in one thread, and models in another: calls that the other made "
            "meanwhile were not seen, and are not counted"
        )
    for name in dict.fromkeys(recorder.running):
        yield (
            f"{name} was still running in another thread when the cell ended, and that call is "
            "not counted: wait for the thread (join it) in the cell"
        )


class _Records:
    """The tree of one call of each signature: recorded, traced, or told from other sizes."""

    def __init__(self, signatures: Sequence[Signature], may_trace: Callable[[], bool]) -> None:
        self._may_trace = may_trace
        self._trees: dict[int, tuple[Node | None, tuple[str, ...]]] = {}
        self._kinds: dict[Any, list[Signature]] = {}
        self._by_size: dict[Any, TreesBySize] = {}
        for signature in signatures:
            if signature.record is not None:
                self._kinds.setdefault(signature.kind, []).append(signature)

    def of(self, signature: Signature) -> tuple[Node | None, tuple[str, ...]]:
        """(tree, notes) of one call; raises `CaptureError` where there is none, saying why."""
        if signature.record is not None:
            return self._recorded(signature)
        alike = self._kinds.get(signature.kind, [])
        if not alike:
            raise CaptureError("none of its calls could be recorded")
        if signature.is_other_way:
            nearest = min(alike, key=lambda each: abs(each.sizes != signature.sizes))
            node, notes = self._recorded(nearest)
            flag = uncounted("it ran other modules than in the calls that were recorded")
            return None if node is None else node.flagged(flag), notes
        if signature.kind not in self._by_size:
            same = [each for each in alike if not each.is_other_way] or alike
            trees = [(each.sizes, self._recorded(each)[0]) for each in same]
            known = [(sizes, node) for sizes, node in trees if node is not None]
            if not known:
                raise CaptureError("none of its calls could be recorded")
            self._by_size[signature.kind] = TreesBySize(known)
        sized = self._by_size[signature.kind].at(signature.sizes)
        if sized.is_exact:
            return sized.node, ()
        flag = uncounted("this size was not recorded, and is counted as the nearest that was")
        return sized.node.flagged(flag), ()

    def with_gradients(self, signature: Signature) -> tuple[Node, Mapping[str, Gradients]]:
        """The tree of one call that has one, and which gradients its backward pass makes."""
        node, _ = self.of(signature)
        assert node is not None
        record = signature.record or self._kinds[signature.kind][0].record
        assert record is not None
        hidden = [part.path for part in record.hidden]
        return node, with_hidden(record.gradients, node, hidden)

    def _recorded(self, signature: Signature) -> tuple[Node | None, tuple[str, ...]]:
        key = id(signature)
        if key not in self._trees:
            record = signature.record
            assert record is not None
            if record.hidden and not self._may_trace():
                raise CaptureError("the cell was interrupted")
            self._trees[key] = revealed(
                self._timed(signature), record.hidden, signature.batch_size, signature.seq_len
            )
        return self._trees[key]

    def _timed(self, signature: Signature) -> Node | None:
        """What was recorded, with its times; those of another size where its events ran out."""
        record = signature.record
        assert record is not None
        if record.node is None or record.course is None:
            return record.node
        node = with_times(record.node, record.course, signature.timed)
        if node.features.latency_seconds is not None or not record.course.is_on_gpu:
            return node
        for other in self._kinds[signature.kind]:
            if other.record is not None and other.record.course is not None:
                lent = with_times(record.node, other.record.course, other.timed)
                if lent.features.latency_seconds is not None:
                    return lent.flagged(LENT)
        return node


def _within_generation(runs: Sequence[Run], seen: Sequence[tuple[Signature, str]]) -> list[Run]:
    """Parts that generate() calls on their own belong to a phase of their model.

    Their tokens are those of the model, which count once: only what an encoder-decoder reads is
    counted where its encoder reads it. What the caller does not tell is of the prefill.
    """
    callers = [
        run.model for run, (_, path) in zip(runs, seen, strict=True) if run.phase and not path
    ]
    generating = {run.model for run in runs if run.phase}
    encoders = {id(encoder) for signature, _ in seen if (encoder := _encoder(signature))}
    done = []
    for run, (signature, path) in zip(runs, seen, strict=True):
        if path and run.phase is None and run.model in generating:
            phase, tokens = signature.role.phase, 0
            if id(signature.module and uncompiled(signature.module)) in encoders:
                phase = "prefill"  # a draft model's, too, that begins within a step
                # What comes out tells the length: of a spectrogram it is not the input's.
                shapes = run.tree.root.find(path).features.output_shapes
                length = shapes[0][1] if shapes and len(shapes[0]) > 2 else run.tree.seq_len
                tokens = run.calls * run.tree.batch_size * length
            run = replace(run, phase=phase or "prefill", tokens=tokens)
        elif path and run.model in callers:
            run = replace(run, phase=signature.role.phase or run.phase, tokens=0)
        done.append(run)
    return done


def _encoder(signature: Signature) -> nn.Module | None:
    """The encoder of an encoder-decoder that generates; None where the call is of none."""
    module = signature.module
    model: Any = None if module is None else uncompiled(module)
    is_one = getattr(getattr(model, "config", None), "is_encoder_decoder", False)
    if not (signature.phase and is_one and hasattr(model, "get_encoder")):
        return None
    found = model.get_encoder()
    return found if isinstance(found, nn.Module) else None


def _run_of(
    signature: Signature, name: str, home: tuple[nn.Module, str] | None, records: _Records
) -> tuple[Run | None, str | None]:
    try:
        node, notes = records.of(signature)
        if signature.function is not None and not _holds_modules(node):
            return None, None  # as functions outside of models that are not compiled
        if node is None:
            raise CaptureError("; ".join(notes) or "nothing of it was seen")
    except CaptureError as error:
        return None, f"{name} ran {signature.calls} times and is not in the tree: {error}"
    path = home[1] if home else ""
    root = node if not path or home is None else under(node, home[0], path)
    if signature.is_recomputed:
        notes = (*notes, f"{path or name} was recomputed for the backward pass (checkpointing)")
    returned = signature.calls > 0
    calls = signature.calls if returned else signature.failures
    role = signature.role
    rows = calls * signature.batch_size // role.beams
    tokens = 0
    if signature.phase is not None and not role.is_own_draft:
        # Without a cache a step reads all again, for one new token.
        reads_all = signature.phase == "decode" and not signature.cache_length
        tokens = rows * (1 if reads_all else signature.seq_len) + signature.token_correction
    begins = not (path or signature.phase == "decode" or signature.cache_length)
    return Run(
        model=name,
        tree=ModelTree(name, root, signature.batch_size, signature.seq_len),
        calls=calls,
        seconds=signature.seconds,
        status="run" if returned else "incomplete",
        training=signature.training,
        phase=signature.phase,
        tokens=tokens,
        items=rows if begins and not signature.is_recomputed else 0,
        cache_length=signature.cache_length,
        padding_share=_padding(signature),
        notes=notes,
    ), None


def _padding(signature: Signature) -> float | None:
    padding = None if signature.record is None else signature.record.padding
    return None if padding is None else padding.share()


def _holds_modules(node: Node | None) -> bool:
    return node is None or any(child.primitive is None or child.children for child in node.children)


def _built_only(
    idle: Sequence[nn.Module],
    naming: Naming,
    batch_size: int,
    seq_len: int,
    others_ran: bool,
    may_trace: Callable[[], bool],
) -> tuple[list[Run], list[str]]:
    runs: list[Run] = []
    notes: list[str] = []
    # Losses, activations and the like: of no interest beside a model.
    worthy = [top for top in idle if count_parameters(top) > 0 and not is_ignored(top)]
    for top in worthy[:MAX_NOT_RUN]:
        name = naming.of(top)
        if not may_trace():
            break
        try:
            tree = structure_of(top, batch_size, seq_len, name)
        except IreneError as error:
            notes.append(f"{name} was built and not run; no prediction: {error}")
            continue
        runs.append(
            Run(model=name, tree=tree, status="not_run", items=tree.batch_size, notes=tree.notes)
        )
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

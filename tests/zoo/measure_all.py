"""Every small model of transformers, timm and diffusers, plainly and measured: nothing may differ.

    python tests/zoo/measure_all.py [--train] [--only NAME …] [--shard K/N] [--seconds 60]

Not a test of CI: for a nightly target (`test_sample.py` runs some in CI). Writes what it found to
zoo-eval.json (zoo-train.json, with the shard's number), prints a summary, and exits with 1 where
watching changed a result, a model or a random state, raised, or gave energies that do not add up.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType

sys.path[:0] = [str(Path(__file__).resolve().parents[up]) for up in range(3)]

import other_models  # noqa: E402
import small_models  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from checks import Finding, Subject, check  # noqa: E402


class OutOfTime(BaseException):
    """A model took longer than its limit; no `Exception`, so that nobody takes it for one."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="in train mode, with a backward pass")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these models alone")
    parser.add_argument("--shard", default="1/1", metavar="K/N", help="a part of all models")
    parser.add_argument("--seconds", type=int, default=60, help="of the processor, for one model")
    parser.add_argument("--output", type=Path, help="the file of results")
    options = parser.parse_args(arguments)
    part, parts = (int(each) for each in options.shard.split("/"))
    mode = "train" if options.train else "eval"
    quiet()
    subjects = every()
    chosen = options.only or list(subjects)[part - 1 :: parts]
    name = f"zoo-{mode}" + (f"-{part}of{parts}" if parts > 1 else "") + ".json"
    output = options.output or Path(name)
    missing = small_models.missing() | other_models.missing()
    found: list[Finding] = []
    for name in chosen:
        found.append(within(options.seconds, subjects[name], mode))
        show(found[-1])
        result = {"found": [asdict(each) for each in found], "not_here": missing}
        output.write_text(json.dumps(result, indent=1))  # each time: a long run may be ended
        gc.collect()
    return summary(found, missing)


def every() -> dict[str, Subject]:
    """All subjects, by name."""
    names = [(small_models, name) for name in small_models.names()]
    names += [(other_models, name) for name in other_models.names()]
    return {name: subject(name, zoo) for zoo, name in names}


def subject(name: str, zoo: object = small_models) -> Subject:
    """A model of `zoo` as the checks take it."""
    return Subject(name, lambda: zoo.build(name), lambda model: zoo.call(name, model))


def quiet() -> None:
    """Small models are warned about in many ways, none of which is of interest here."""
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)


def within(seconds: int, subject: Subject, mode: str) -> Finding:
    """The check, ended where it lasts too long."""
    began = time.perf_counter()
    try:
        with limit(seconds):
            return check(subject, mode)
    except OutOfTime:
        problem = f"took more than {seconds} s"
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        problem = f"the check itself: {type(error).__name__}: {str(error)[:200]} ({place.name})"
    return Finding(subject.name, mode, [problem], seconds=time.perf_counter() - began)


@contextmanager
def limit(seconds: int) -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    # The processor's time, so that other work on the machine counts nothing; and what only waits.
    before = [signal.signal(number, end) for number in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(20 * seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        signal.signal(signal.SIGPROF, before[0])
        signal.signal(signal.SIGALRM, before[1])


def show(found: Finding) -> None:
    """A line a model, and one for each of its problems."""
    state = "FAILED" if found.problems else "ok"
    print(
        f"{state:6} {found.name:45} {found.seconds:5.1f} s {found.nodes:5} nodes "
        f"{len(found.flags)} flags",
        flush=True,
    )
    for problem in found.problems:
        print(f"         {problem}", flush=True)


def summary(found: list[Finding], missing: dict[str, str]) -> int:
    """What came out, for people; the exit code."""
    failed = [each for each in found if each.problems]
    print(f"\n{len(found)} models, {len(failed)} failed, {sum(f.seconds for f in found):.0f} s")
    for title, counter in (
        ("problems", Counter(p.split(": ")[0] for f in found for p in f.problems)),
        ("flags", Counter(flag.split(": ")[1] for f in found for flag in f.flags)),
        ("what the models cannot do", Counter(r.split(": ")[0] for f in found for r in f.remarks)),
        ("not here", Counter(missing.values())),
    ):
        print(f"{title}: " + (", ".join(f"{n} × {w}" for w, n in counter.most_common()) or "none"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

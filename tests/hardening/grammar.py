"""Random notebook cells from a grammar: the same seed gives the same cell.

A cell uses what `PROLOGUE` defines, is free of the shell, the network and the clock, and ends in
milliseconds. One in six is broken in a way that Python notices before it runs.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable

PROLOGUE = """
import asyncio, contextlib, functools, sys, threading
import torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).eval().requires_grad_(False)
x = torch.ones(2, 4)
a, b, c = 3, 5, 7
items = [1, 2, 3, 4]
words = {"one": 1, "two": 2}
class Boom(Exception):
    pass
def twice(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        function(*args, **kwargs)
        return function(*args, **kwargs)
    return inner
def fail(text="failed"):
    raise Boom(text)
@contextlib.contextmanager
def swallow(kind):
    try:
        yield "in"
    except kind as error:
        print("swallowed", type(error).__name__)
@contextlib.asynccontextmanager
async def opened(value):
    await asyncio.sleep(0)
    yield value
    await asyncio.sleep(0)
async def ticks(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i
async def later(value):
    await asyncio.sleep(0)
    return value
"""


class Grammar:
    """Statements and expressions at random; `used` counts the rules that were taken."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.used: set[str] = set()
        self.fresh = 0

    def name(self) -> str:
        """A variable that the cell has not assigned yet."""
        self.fresh += 1
        return f"v{self.fresh}"

    def known(self) -> str:
        """A variable that holds a number."""
        return self.random.choice(["a", "b", "c"])

    def one_of(self, *rules: Callable[[], str]) -> str:
        rule = self.random.choice(rules)
        self.used.add(rule.__name__)
        return rule()

    # --- expressions --------------------------------------------------------------------------

    def expression(self, depth: int = 0) -> str:
        if depth > 2:
            return self.one_of(self.number, self.known)
        self.depth = depth
        return self.one_of(
            self.number, self.known, self.sum, self.listed, self.mapped, self.chosen, self.walrus,
            self.called_lambda, self.formatted, self.nested_comprehension, self.generated,
            self.forward, self.scoped,
        )  # fmt: skip

    def number(self) -> str:
        return str(self.random.randint(0, 9))

    def sum(self) -> str:
        depth = self.depth
        operator = self.random.choice(["+", "*", "-"])
        return f"({self.number()} {operator} {self.scalar(depth + 1)})"

    def scalar(self, depth: int = 0) -> str:
        if depth > 2:
            return self.known()
        self.depth = depth
        return self.one_of(self.number, self.known, self.sum, self.walrus, self.called_lambda)

    def listed(self) -> str:
        return f"[i * {self.known()} for i in items if i != {self.number()}]"

    def mapped(self) -> str:
        return f"{{k: v + {self.number()} for k, v in words.items()}}"

    def chosen(self) -> str:
        return f"({self.number()} if {self.known()} > {self.number()} else {self.known()})"

    def walrus(self) -> str:
        return f"({self.name()} := {self.number()})"

    def called_lambda(self) -> str:
        return f"(lambda n, *rest, k={self.number()}: n + k + len(rest))({self.known()}, 1, 2)"

    def formatted(self) -> str:
        return f'f"{{{self.known()}!r:>4}} {{items[0]=}} {{[i for i in items]}} {{a:{{b}}}}"'

    def nested_comprehension(self) -> str:
        name = self.name()
        return f"[({name} := i + j) for i in items for j in range(2) if (lambda q: q)(j) == 0]"

    def generated(self) -> str:
        return f"sorted({{i % {self.random.randint(2, 4)} for i in (k for k in items)}})"

    def forward(self) -> str:
        return "round(float(model(x).sum()), 4)"

    def scoped(self) -> str:
        return "[k for k in sorted(globals()) if k in ('a', 'b', 'c', 'v1')]"

    # --- statements ---------------------------------------------------------------------------

    def statement(self, depth: int = 0) -> str:
        simple = (
            self.assigned, self.starred, self.chained, self.augmented, self.annotated, self.printed,
            self.bare, self.deleted, self.imported, self.swapped, self.asserted, self.ran_model,
            self.bare_string, self.global_name,
        )  # fmt: skip
        compound = (
            self.branch, self.loop, self.while_loop, self.tried, self.managed, self.function,
            self.generator, self.closure, self.klass, self.matched, self.decorated, self.grouped,
            self.coroutine, self.async_for, self.async_with, self.awaited, self.async_comprehension,
            self.recursion, self.thread, self.trained, self.built, self.loop_else,
        )  # fmt: skip
        self.level = depth
        if depth > 1:
            return self.one_of(*simple)
        return self.one_of(*simple, *compound)

    def block(self) -> str:
        depth = self.level + 1
        lines = [self.statement(depth) for _ in range(self.random.randint(1, 2))]
        return textwrap.indent("\n".join(lines), "    ")

    def assigned(self) -> str:
        return f"{self.name()} = {self.expression()}"

    def starred(self) -> str:
        return f"{self.name()}, *{self.name()} = items"

    def chained(self) -> str:
        return f"{self.name()} = {self.name()} = {self.expression()}"

    def augmented(self) -> str:
        return f"{self.known()} += {self.scalar()}"

    def annotated(self) -> str:
        return f"{self.name()}: 'int' = {self.expression()}"

    def printed(self) -> str:
        return f"print({self.expression()}, end=' | ')"

    def bare(self) -> str:
        return self.expression() + self.random.choice(["", "", ";", " ;  # quiet", "  # loud;"])

    def bare_string(self) -> str:
        return "'a string; no docstring'"

    def global_name(self) -> str:
        return f"{self.known()} = {self.number()}\nglobal {self.known()}"

    def deleted(self) -> str:
        name = self.name()
        return f"{name} = {self.number()}\ndel {name}"

    def imported(self) -> str:
        return self.random.choice(
            ["import math", "from math import *", "import os.path as p", "from math import pi, tau"]
        )

    def swapped(self) -> str:
        return "a, b = b, a"

    def asserted(self) -> str:
        return f"assert {self.scalar()} != 'no', 'never'"

    def ran_model(self) -> str:
        return f"{self.name()} = model(x)"

    def branch(self) -> str:
        return f"if {self.known()} > {self.number()}:\n{self.block()}\nelse:\n{self.block()}"

    def loop(self) -> str:
        return f"for {self.name()} in items:\n{self.block()}"

    def loop_else(self) -> str:
        return f"for i in items:\n    if i == 3: break\nelse:\n{self.block()}"

    def while_loop(self) -> str:
        name = self.name()
        return (
            f"{name} = 0\nwhile True:\n    {name} += 1\n    if {name} > 2: break\n    continue\n"
            f"{self.block()}"
        )

    def tried(self) -> str:
        inner = self.random.choice(["1 / 0", "fail()", "words['three']", "pass"])
        return (
            f"try:\n    {inner}\nexcept (ZeroDivisionError, Boom) as error:\n"
            f"    print(type(error).__name__, error)\nexcept KeyError:\n{self.block()}\n"
            f"else:\n{self.block()}\nfinally:\n    print('finally')"
        )

    def grouped(self) -> str:
        return (
            "try:\n    raise ExceptionGroup('two', [Boom('x'), ValueError('y')])\n"
            "except* Boom as group:\n    print(group.exceptions)\n"
            "except* ValueError as group:\n    print(len(group.exceptions))"
        )

    def managed(self) -> str:
        inner = self.random.choice(["1 / 0", "fail()", "print(where)"])
        return f"with swallow(Exception) as where:\n    {inner}\n{self.block()}"

    def function(self) -> str:
        name = self.name()
        return (
            f"def {name}(n, /, k=2, *, m: int = 3) -> 'float':\n    '''Doc.'''\n"
            f"    return n * k + m\n{name}({self.known()}, m={self.number()})"
        )

    def generator(self) -> str:
        name = self.name()
        return (
            f"def {name}(n):\n    got = yield n\n    yield from range(n)\n    return got\n"
            f"print(list({name}(3)))"
        )

    def closure(self) -> str:
        name = self.name()
        return (
            f"def {name}():\n    n = 0\n    def step():\n        nonlocal n\n        global c\n"
            f"        n += 1\n        c = c + n\n        return n\n    return [step(), step()]\n"
            f"{self.name()} = {name}()"
        )

    def recursion(self) -> str:
        name = self.name()
        return f"def {name}(n):\n    return 1 if n < 2 else n * {name}(n - 1)\nprint({name}(6))"

    def klass(self) -> str:
        name = f"K{self.name()}"
        return (
            f"class {name}(dict):\n    limit: int = {self.number()}\n"
            f"    values_ = [i for i in range(3)]\n    @property\n    def size(self):\n"
            f"        return len(self) + self.limit\n    @classmethod\n    def make(cls):\n"
            f"        return cls(one=1)\n    def __repr__(self):\n        return f'{{__class__.__name__}}'\n"  # noqa: E501
            f"{name}.make().size, {name}()"
        )

    def matched(self) -> str:
        return (
            f"match {self.expression()}:\n    case int() as whole if whole > 3:\n"
            "        print('big', whole)\n    case [first, *others]:\n"
            "        print(first, others)\n"
            "    case {'one': one}:\n        print(one)\n    case _:\n        print('other')"
        )

    def decorated(self) -> str:
        name = self.name()
        return (
            f"@twice\n@functools.lru_cache\ndef {name}(n=1):\n    print('ran')\n"
            f"    return n + {self.number()}\n{name}()"
        )

    def coroutine(self) -> str:
        name = self.name()
        return (
            f"async def {name}(n):\n    await asyncio.sleep(0)\n    return n + {self.number()}\n"
            f"{self.name()} = await {name}({self.known()})"
        )

    def awaited(self) -> str:
        return f"await later({self.expression()})"

    def async_for(self) -> str:
        return f"async for tick in ticks(2):\n{self.block()}"

    def async_with(self) -> str:
        return f"async with opened({self.number()}) as handle, opened(2):\n{self.block()}"

    def async_comprehension(self) -> str:
        return f"{self.name()} = [t async for t in ticks(3) if await later(t)]"

    def thread(self) -> str:
        return (
            "def work():\n    got.append(float(model(x).sum()))\ngot = []\n"
            "t = threading.Thread(target=work)\nt.start(); t.join()\nlen(got)"
        )

    def trained(self) -> str:
        return (
            "layer = nn.Linear(4, 1)\noptimiser = torch.optim.SGD(layer.parameters(), lr=0.1)\n"
            "layer(x).sum().backward()\noptimiser.step()\nround(layer.weight.shape[1])"
        )

    def built(self) -> str:
        return f"{self.name()} = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))"

    # --- errors -------------------------------------------------------------------------------

    def error(self) -> str:
        """A statement that raises."""
        return self.random.choice(
            [
                "1 / 0",
                "undefined_name",
                "fail('on purpose')",
                "raise Boom('two', 2) from ValueError('cause')",
                "try:\n    1 / 0\nexcept ZeroDivisionError:\n    fail('while handling')",
                "(lambda: [i / 0 for i in items])()",
                "def outer():\n    def inner():\n        fail('deep')\n    inner()\nouter()",
                "class Bad:\n    value = items[99]",
                "words.missing",
                "model(torch.ones(2, 7))",
                "next(iter(()))",
                "raise ExceptionGroup('group', [Boom('1'), TypeError('2')])",
                "await later(1 / 0)",
                "async for t in ticks(2):\n    fail()",
                "with swallow(KeyError):\n    fail('through')",
                "a, b = items",
                "assert a == 'wrong', 'told'",
                "raise KeyboardInterrupt('stop')",
                "int('x')",
                "import no_such_module_anywhere",
                "del never_defined",
                "raise SystemExit(3)",
                "[].pop(\n    0\n)",
                "(a\n + 'text')",
            ]
        )

    def broken(self) -> str:
        """Lines that Python refuses before it runs them (or before it runs this statement)."""
        return self.random.choice(
            [
                "if a\n    b",
                "x = = 1",
                "print((1, 2)",
                "return 5",
                "break",
                "continue",
                "yield 1",
                "def f(a, a): pass",
                "nonlocal a",
                "*items",
                "f'{a'",
                "'open",
                "  indented = 1",
                "for i in items:\npass",
                "from __future__ import no_such_feature",
                "def f():\n    await later(1)",
                "a = 1 +",
                "class: pass",
                "lambda: (yield)\nreturn",
                "del (1 + 2)",
                "None = 3",
                "f(**words, *items, x for x in items)",
                "def g():\n    x = 1\n    global x",
                "[(i := 0) for i in items]",
                "match a:\n    case b: pass\n    case 1: pass",
            ]
        )

    def magic(self) -> str:
        """A line of IPython's own syntax."""
        return self.random.choice(
            [
                "%precision",
                "kept = %precision",
                "got = %who_ls int",
                "%who_ls Boom",
                "get_ipython().run_line_magic('precision', '')",
                "%pdef twice",
            ]
        )

    def cell(self) -> str:
        """A whole cell."""
        choose = self.random.random()
        lines = [self.statement() for _ in range(self.random.randint(1, 5))]
        if choose < 0.16:
            lines.insert(self.random.randint(0, len(lines)), self.broken())
        elif choose < 0.42:
            lines.insert(self.random.randint(0, len(lines)), self.error())
        if self.random.random() < 0.12:
            lines.insert(self.random.randint(0, len(lines)), self.magic())
        if self.random.random() < 0.08:
            lines.insert(0, "from __future__ import annotations")
        if self.random.random() < 0.08:
            lines.insert(0, "'''A docstring.'''")
        if self.random.random() < 0.1:
            lines.insert(self.random.randint(0, len(lines)), "# a comment\n")
        # IPython itself loses a nested cell that awaits: its coroutine is never run.
        if self.random.random() < 0.1 and not re.search("async|await", "\n".join(lines)):
            lines.insert(0, self.random.choice(["%%capture captured", "%%capture --no-stdout"]))
        return "\n".join(lines) + self.random.choice(["", "\n", "\n\n", "\n# end", "  \n"])


def cell(seed: int) -> str:
    """The random cell of that seed."""
    return Grammar(seed).cell()

"""Live trees live as long as what shows them: a cell that runs again ends those it has shown.

ipywidgets keeps every widget, with its report, until it is closed. A tree in a cell's output is
in nobody's hands, so nobody else would close it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

    from irene_jupyter.notebook.widget import EnergyTree


class LiveTrees:
    """The trees that cells of a notebook show, by the id that the front end gives a cell.

    Where it gives none, trees live as long as the kernel.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._cell: str | None = None  # that runs, or ran last
        self._trees: dict[str, list[EnergyTree]] = {}

    def keep(self, tree: EnergyTree) -> None:
        """A tree that the running cell shows."""
        if self._cell is not None:
            self._trees.setdefault(self._cell, []).append(tree)

    def begin(self, info: ExecutionInfo) -> None:
        """A cell begins to run, its outputs are gone, and so are those of deleted cells."""
        self._cell = getattr(info, "cell_id", None)
        parent: Any = getattr(self._shell, "parent_header", None)
        metadata = parent.get("metadata") if isinstance(parent, dict) else None
        deleted = metadata.get("deletedCells") if isinstance(metadata, dict) else None
        for cell in (self._cell, *(deleted if isinstance(deleted, list) else ())):
            for tree in self._trees.pop(cell, ()):
                tree.layout.close()
                tree.close()

// What the keys of a W3C treegrid do: arrows, Home and End, pages, Enter, space, *, and letters.

import type { GridItem, TreeGrid } from "./grid.js";
import { TypeAhead } from "./typeahead.js";

/** A key that a notebook would take for a shortcut of its own: a, b, dd … insert, delete cells. */
export const isPlain = (event: KeyboardEvent): boolean =>
  !event.ctrlKey &&
  !event.metaKey &&
  !event.altKey &&
  event.key !== "Escape" &&
  !(event.shiftKey && event.key === "Enter");

export class GridKeys<T extends GridItem<T>> {
  readonly #grid: TreeGrid<T>;
  readonly #typed = new TypeAhead();

  constructor(grid: TreeGrid<T>) {
    this.#grid = grid;
  }

  /** Does what `key` means on the row of `item`; true where it means something. */
  act(item: T, key: string): boolean {
    const grid = this.#grid;
    switch (key) {
      case "ArrowDown":
        grid.focus(grid.beside(item, 1));
        return true;
      case "ArrowUp":
        grid.focus(grid.beside(item, -1));
        return true;
      case "ArrowRight":
        if (item.expanded) grid.focus(grid.firstChildOf(item));
        else grid.expand(item);
        return true;
      case "ArrowLeft":
        if (item.expanded) grid.collapse(item);
        else grid.focus(item.parent);
        return true;
      case "Home":
        grid.focus(grid.shown[0]);
        return true;
      case "End":
        grid.focus(grid.shown.at(-1));
        return true;
      case "PageDown":
        this.#jump(item, grid.page);
        return true;
      case "PageUp":
        this.#jump(item, -grid.page);
        return true;
      case "Enter":
        // A second Enter opens or closes what the first one selected.
        if (grid.isSelected(item)) grid.toggle(item);
        else grid.choose(item);
        return true;
      case " ":
        grid.choose(item);
        return true;
      case "*":
        for (const sibling of grid.siblingsOf(item)) grid.expand(sibling);
        return true;
      default:
        return key.length === 1 && this.#typeAhead(item, key.toLowerCase());
    }
  }

  #jump(from: T, rows: number): void {
    const { shown } = this.#grid;
    const target = this.#grid.placeOf(from) + rows;
    this.#grid.focus(shown[Math.min(shown.length - 1, Math.max(0, target))]);
  }

  #typeAhead(from: T, letter: string): boolean {
    const { shown } = this.#grid;
    const labels = shown.map((item) => item.label);
    this.#grid.focus(shown[this.#typed.find(letter, labels, this.#grid.placeOf(from))]);
    return true;
  }
}

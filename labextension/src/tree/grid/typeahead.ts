// Typing moves to the next row whose name begins with what was typed, as in any list.

/** Characters typed within this time belong to one search. */
const TYPE_AHEAD_MILLISECONDS = 600;

export class TypeAhead {
  #typed = "";
  #typedAt = 0;

  /** The place of the next label, or its last dotted part, that matches; -1 if none does. */
  find(letter: string, labels: readonly string[], from: number): number {
    const now = Date.now();
    const fresh = now - this.#typedAt > TYPE_AHEAD_MILLISECONDS;
    this.#typedAt = now;
    // The same letter again looks for the next match.
    this.#typed = fresh || this.#typed === letter ? letter : this.#typed + letter;
    const offset = this.#typed.length === 1 ? 1 : 0;
    for (let step = 0; step < labels.length; step++) {
      const place = (from + offset + step) % labels.length;
      const label = labels[place]?.toLowerCase() ?? "";
      const last = label.slice(label.lastIndexOf(".") + 1);
      if (label.startsWith(this.#typed) || last.startsWith(this.#typed)) return place;
    }
    return -1;
  }
}

// Two reports beside each other, in a tab or a dialog of their own.

import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";

import type { Entry } from "./history.js";
import { promptOf } from "./names.js";
import { renderComparison } from "./view.js";

export class Comparison extends Widget {
  #draw: (() => void) | null;

  constructor(before: Entry, after: Entry) {
    super();
    this.addClass("irene-lab-comparison");
    const label = (entry: Entry): string => `${promptOf(entry)} ${entry.model || entry.line}`;
    const labels: [string, string] = [label(before), label(after)];
    this.#draw = () => void renderComparison(this.node, before.data, after.data, { labels });
  }

  /** Only now: a dialog restyles the buttons and lists that its body brings along. */
  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.#draw?.();
    this.#draw = null;
  }
}

// Two reports beside each other, in a tab of their own.

import { Widget } from "@lumino/widgets";

import type { Entry } from "./history.js";
import { promptOf } from "./names.js";
import { renderComparison } from "./view.js";

export class Comparison extends Widget {
  constructor(before: Entry, after: Entry) {
    super();
    this.addClass("irene-lab-comparison");
    const label = (entry: Entry): string => `${promptOf(entry)} ${entry.line}`;
    renderComparison(this.node, before.data, after.data, { labels: [label(before), label(after)] });
  }
}

// "What would help?": a question to the kernel, and its answer as a table.

import { make } from "../grid/dom.js";
import { button } from "./toolbar.js";

/** The kernel's answer, in its words; `problem` where it can say nothing. */
interface Answer {
  readonly title?: string;
  readonly heads?: readonly string[];
  readonly savings?: readonly Saving[];
  readonly notes?: readonly string[];
  readonly problem?: string;
}

interface Saving {
  readonly cells: readonly string[];
  readonly how: string;
  readonly rests_on: string;
}

const ASK = "What would help?";

/** A pane below the tree; `ask` sends the question. */
export class AdvicePane {
  readonly element = make("div", "advice", { role: "group", "aria-label": ASK });
  readonly #asking: HTMLButtonElement;
  readonly #answer = make("div", "advice-answer", { "aria-live": "polite" });

  constructor(ask: () => void) {
    this.#asking = button(ASK, "What would save energy here; large models take some seconds", () => {
      this.#asking.disabled = true;
      this.#answer.replaceChildren(make("p", "hint", {}, "Predicting this report again …"));
      ask();
    });
    this.element.append(this.#asking, this.#answer);
  }

  show(data: unknown): void {
    const answer = (data ?? {}) as Answer;
    this.#asking.disabled = false;
    this.#answer.replaceChildren(...drawn(answer));
    this.#asking.hidden = this.#answer.childElementCount > 0 && !answer.problem;
  }
}

function drawn(answer: Answer): HTMLElement[] {
  if (answer.problem) return [make("p", "note", {}, answer.problem)];
  if (!answer.title) return [];
  const found: HTMLElement[] = [make("p", "advice-title", {}, answer.title)];
  if (answer.savings?.length) found.push(table(answer.heads ?? [], answer.savings));
  for (const note of answer.notes ?? []) found.push(make("p", "hint", {}, note));
  return found;
}

function table(heads: readonly string[], savings: readonly Saving[]): HTMLElement {
  const cells = (tag: "th" | "td", texts: readonly string[]): HTMLElement[] =>
    texts.map((text) => make(tag, "advice-cell", tag === "th" ? { scope: "col" } : {}, text));
  const body = make("tbody", "");
  for (const saving of savings) {
    const [first, ...numbers] = cells("td", saving.cells);
    first?.append(
      make("span", "advice-how", {}, saving.how),
      make("span", "advice-basis", {}, saving.rests_on),
    );
    body.append(make("tr", "", {}, ...(first ? [first] : []), ...numbers));
  }
  return make(
    "div",
    "advice-scroll",
    {},
    make("table", "advice-table", {}, make("thead", "", {}, make("tr", "", {}, ...cells("th", heads))), body),
  );
}

// The energy reports in a notebook's outputs, kept up to date; no kernel is asked.

import type { ICodeCellModel } from "@jupyterlab/cells";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IOutputModel } from "@jupyterlab/rendermime";
import { Signal, type ISignal } from "@lumino/signaling";

import { ENERGY_MIME } from "./static_tree.js";
import { DataError, readReport, shorten, type Energy, type Report } from "./view.js";

/** One report in an output. */
export interface Entry {
  /** Stays the same while the output stays. */
  key: string;
  cellIndex: number;
  /** The number in brackets beside the cell; null where it has none. */
  prompt: number | null;
  /** The first line of the cell that does something. */
  line: string;
  /** The model's class (several: with commas), and batch size × length of its costliest run. */
  model: string;
  energy: Energy;
  /** Of training: "1.78 J a step"; else empty. */
  training: string;
  /** The model and its energy. */
  title: string;
  /** Where the number comes from, as the tree's head says it. */
  provenance: string;
  /** Milliseconds since 1970; 0 where the report does not say. */
  created: number;
  /** The report's JSON. */
  data: unknown;
}

type Facts = Pick<Entry, "model" | "energy" | "training" | "title" | "provenance" | "created" | "data">;

const UPDATE_MILLISECONDS = 150;
const LONGEST_LINE = 120;
/** The class of the root over several models. */
const CELL = "Cell";

export class NotebookHistory {
  readonly #panel: NotebookPanel;
  readonly #changed = new Signal<this, void>(this);
  /** An output is read once: reports are large, and every key stroke is a change. */
  readonly #read = new WeakMap<IOutputModel, Facts | null>();
  #entries: readonly Entry[] = [];
  #timer = 0;

  constructor(panel: NotebookPanel) {
    this.#panel = panel;
    const later = (): void => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#update(), UPDATE_MILLISECONDS);
    };
    panel.content.modelContentChanged.connect(later);
    panel.content.modelChanged.connect(later);
    panel.disposed.connect(() => {
      window.clearTimeout(this.#timer);
      Signal.clearData(this);
    });
    this.#update();
  }

  /** In the order of the notebook. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** The report that was made last; null where there is none. */
  get latest(): Entry | null {
    return this.#entries.reduce<Entry | null>(
      (best, entry) => (best && best.created > entry.created ? best : entry),
      null,
    );
  }

  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  #update(): void {
    if (this.#panel.isDisposed) return;
    const entries: Entry[] = [];
    [...(this.#panel.content.model?.cells ?? [])].forEach((cell, cellIndex) => {
      if (cell.type !== "code") return;
      const { outputs, executionCount, sharedModel, id } = cell as ICodeCellModel;
      for (let index = 0; index < outputs.length; index++) {
        const facts = this.#factsOf(outputs.get(index));
        if (!facts) continue;
        const line = firstLine(sharedModel.getSource());
        const key = `${id} ${index}`;
        entries.push({ key, cellIndex, prompt: executionCount, line, ...facts });
      }
    });
    this.#entries = entries;
    this.#changed.emit();
  }

  #factsOf(output: IOutputModel): Facts | null {
    let facts = this.#read.get(output);
    if (facts === undefined) {
      facts = readFacts(output);
      this.#read.set(output, facts);
    }
    return facts;
  }
}

function readFacts(output: IOutputModel): Facts | null {
  // The getter copies the whole bundle: ask for it only where it can hold a report.
  if (output.type !== "display_data" && output.type !== "execute_result") return null;
  const data: unknown = output.data[ENERGY_MIME];
  if (data === undefined) return null;
  let report: Report;
  try {
    report = readReport(data);
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
  if (!report.root?.energy) return null;
  const { created } = data as { created?: unknown };
  return {
    model: modelOf(report),
    energy: report.root.energy,
    training: report.said.training_short ?? "",
    title: report.said.title,
    provenance: report.said.provenance,
    created: Date.parse(String(created)) || 0,
    data,
  };
}

/** "BertModel · 8×128", "BertModel, GPT2Model · 1–8×12". */
function modelOf({ root, runRows }: Report): string {
  if (!root) return "";
  const isCell = root.className === CELL && root.children.every(({ type }) => type === "model");
  const names = (isCell ? root.children : [root]).map(({ className }) => shorten(className));
  const [run] = runRows
    .filter(({ level }) => level === 0)
    .sort((one, other) => (other.joules ?? 0) - (one.joules ?? 0));
  const range = ([least, most]: [number, number]): string =>
    least === most ? String(least) : `${least}–${most}`;
  const size = run?.shape ?? [run?.batchSize, run?.seqLen].flatMap((each) => (each ? [range(each)] : [])).join("×");
  return [names.join(", "), size].filter(Boolean).join(" · ");
}

/** The first line that is neither a magic, a comment nor an import; else the first line. */
function firstLine(source: string): string {
  const lines = source.split("\n").map((line) => line.trim());
  const says = (line: string): boolean => line !== "" && !/^(%|#|import\b|from\b|with\b)/.test(line);
  return (lines.find(says) ?? lines.find(Boolean) ?? "").slice(0, LONGEST_LINE);
}

const histories = new WeakMap<NotebookPanel, NotebookHistory>();

/** The one history of a notebook: the sidebar and the status bar share it. */
export function historyOf(panel: NotebookPanel): NotebookHistory {
  let history = histories.get(panel);
  if (!history) {
    history = new NotebookHistory(panel);
    histories.set(panel, history);
  }
  return history;
}

/** Shows the cell of `entry` in its notebook, as the active one. */
export async function jumpTo(panel: NotebookPanel, entry: Entry): Promise<void> {
  const notebook = panel.content;
  const cell = notebook.widgets[entry.cellIndex];
  if (!cell) return;
  notebook.mode = "command";
  notebook.deselectAll();
  notebook.activeCellIndex = entry.cellIndex;
  await notebook.scrollToCell(cell, "start");
}

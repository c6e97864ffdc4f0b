// Which widget models of a notebook's kernel are alive.

import type { ISessionContext } from "@jupyterlab/apputils";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { Signal, type ISignal } from "@lumino/signaling";

const WIDGET_TARGET = "jupyter.widget";
/** With these the kernel's memory is gone, and its widgets with it. */
const GONE: readonly Kernel.Status[] = ["restarting", "autorestarting", "terminating", "dead"];

export class LiveModels {
  readonly #session: ISessionContext;
  readonly #open = new Set<string>();
  readonly #changed = new Signal<this, void>(this);
  #asked: Kernel.IKernelConnection | null = null;

  constructor(session: ISessionContext) {
    this.#session = session;
    session.iopubMessage.connect((_, message) => this.#hear(message));
    session.kernelChanged.connect(() => this.#forget());
    session.statusChanged.connect((_, status) => {
      if (GONE.includes(status)) this.#forget();
    });
  }

  /** A model was opened or closed, or all of them are gone. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** Whether the model is known to live. */
  has(id: string): boolean {
    return this.#open.has(id);
  }

  /**
   * Asks the kernel, once, which models live: those from before this page was opened.
   * A kernel that is busy answers late, and one that is not there never; `changed` tells.
   */
  async ask(): Promise<void> {
    await this.#session.ready;
    const kernel = this.#session.session?.kernel ?? null;
    if (!kernel || kernel === this.#asked) return;
    this.#asked = kernel;
    try {
      const reply = await kernel.requestCommInfo({ target_name: WIDGET_TARGET });
      if (kernel !== this.#asked || reply.content.status !== "ok") return;
      for (const id of Object.keys(reply.content.comms)) this.#open.add(id);
      this.#changed.emit();
    } catch {
      // The kernel went away before it answered: nothing of it lives.
    }
  }

  #hear(message: KernelMessage.IMessage): void {
    const { comm_id: id, target_name: target } = message.content as {
      comm_id?: string;
      target_name?: string;
    };
    if (!id) return;
    if (message.header.msg_type === "comm_open" && target === WIDGET_TARGET) {
      this.#open.add(id);
      this.#changed.emit();
    } else if (message.header.msg_type === "comm_close" && this.#open.delete(id)) {
      this.#changed.emit();
    }
  }

  #forget(): void {
    this.#asked = null;
    this.#open.clear();
    this.#changed.emit();
  }
}

// Whose energy the tree shows: a menu of the devices that its runs can be told for.

import { make } from "../grid/dom.js";

/** A device's name and what people call it. */
export type Device = readonly [name: string, label: string];

/** More than there are profiles: a file may hold anything. */
const MOST = 200;

export class Devices {
  readonly element = make("label", "menu", { hidden: "" }, "Device ");
  readonly #select = make("select", "select", { "data-menu": "device" });

  constructor(choose: (name: string) => void) {
    this.element.append(this.#select);
    this.#select.addEventListener("change", () => choose(this.#select.value));
  }

  /** There is nothing to choose of one. */
  show(devices: readonly Device[], chosen: string): void {
    this.element.hidden = devices.length < 2;
    this.#select.replaceChildren(
      ...devices
        .slice(0, MOST)
        .map(([name, label]) => make("option", "", { value: name, title: label }, short(label))),
    );
    this.#select.value = chosen;
  }
}

/** "this machine (AMD EPYC, rated 6 W)" is said in full above the tree. */
const short = (label: string): string =>
  label.startsWith("this machine") ? "this machine" : label;

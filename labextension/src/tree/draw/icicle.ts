// The tree as an icicle: boxes that can be walked by arrows, chosen, and zoomed into.

import { formatEnergy, formatShare, type Unit } from "../data/format.js";
import type { TreeNode } from "../data/report.js";
import { flagCode } from "../data/said.js";
import { make, nameOf, shorten } from "../grid/dom.js";
import { isPlain } from "../grid/grid_keys.js";
import { relativeName } from "../rows/folding.js";
import { depthOf, layOut, type Box } from "../rows/layout.js";
import { shade } from "./palette.js";

const ROW_PIXELS = 32;
/** Narrower boxes, as fractions of the width, are a pixel or less. */
const NARROWEST = 1 / 1500;
/** From here on a box has room for a few letters. */
const LABELLED = 0.03;
/** What a letter takes of the usual width. */
const LETTER = 6.4 / 800;

export interface IcicleState {
  /** The model whose energy shares refer to. */
  root: TreeNode;
  selected: TreeNode | null;
  unit: Unit;
  /** A node's children, those together that share a box. */
  fold(node: TreeNode): readonly (readonly TreeNode[])[];
}

export class Icicle {
  readonly element: HTMLElement;
  readonly #crumbs = make("div", "crumbs");
  readonly #boxes = make("div", "boxes", { role: "tree", "aria-label": "Energy by module" });
  readonly #choose: (node: TreeNode) => void;
  readonly #boxOf = new WeakMap<Element, Box>();
  readonly #elements = new Map<TreeNode, HTMLElement>();
  #drawn: readonly Box[] = [];
  #state: IcicleState | null = null;
  /** Path of the node that fills the width; null for the root. */
  #top: string | null = null;

  constructor(choose: (node: TreeNode) => void) {
    this.#choose = choose;
    this.element = make("div", "icicle", {}, this.#crumbs, this.#boxes);
    this.#boxes.addEventListener("click", (event) => {
      const box = this.#boxAt(event);
      if (!box) return;
      this.#focus(box.node);
      this.#choose(box.node);
    });
    this.#boxes.addEventListener("dblclick", (event) => {
      const box = this.#boxAt(event);
      if (box) this.#zoom(box.node);
    });
    this.#boxes.addEventListener("keydown", (event) => {
      const box = this.#boxAt(event);
      if (box && isPlain(event) && this.#act(box, event.key)) event.preventDefault();
    });
  }

  draw(state: IcicleState): void {
    this.#state = state;
    const hadFocus = this.#boxes.contains(document.activeElement);
    const chain = this.#top === null ? [] : chainTo(state.root, this.#top);
    const top = chain.at(-1) ?? state.root;
    if (top === state.root) this.#top = null;
    const boxes = layOut(top, NARROWEST, state.fold);
    this.#drawn = boxes;
    this.#drawCrumbs(chain);
    this.#elements.clear();
    const elements = boxes.map((box) => this.#drawBox(box, state));
    this.#boxes.style.height = `${depthOf(boxes) * ROW_PIXELS}px`;
    this.#boxes.replaceChildren(...elements);
    const current =
      (state.selected && this.#elements.get(state.selected)) ?? this.#elements.get(top);
    if (current) {
      current.tabIndex = 0;
      if (hadFocus) current.focus({ preventScroll: true });
    }
  }

  /** Zooms out as far as it takes to see `node`, and to the whole if it is hardly to be seen. */
  reveal(node: TreeNode): void {
    if (!this.#state || this.#elements.has(node)) return;
    this.#top = null;
    this.draw(this.#state);
  }

  #drawBox(box: Box, { root, selected, unit }: IcicleState): HTMLElement {
    const { node, members, label, joules } = box;
    const whole = root.energy?.joules ?? 0;
    const share = joules !== null && whole > 0 ? joules / whole : null;
    const energy = `${formatShare(share)}, ${formatEnergy(joules, unit === "%" ? "J" : unit, whole)}`;
    const codes = [...new Set(node.flags.map(flagCode))].join(", ");
    const alike = members.length > 1 ? ` and alike, ${members.length} ×` : ",";
    const told = `${shorten(node.path || node.className)}${alike} ${shorten(node.className)}, ${energy}`;
    const element = make("div", "box", {
      role: "treeitem",
      tabindex: "-1",
      "aria-level": String(box.level + 1),
      "aria-selected": String(selected !== null && members.includes(selected)),
      "aria-label": codes ? `${told}; ${shorten(codes)}` : told,
      title: codes ? `${told}\n⚠ ${shorten(codes)}` : told,
    });
    const [light, dark] = [shade(share), shade(share, true)];
    const { style } = element;
    style.left = `${(100 * box.left).toFixed(4)}%`;
    style.width = `${(100 * (box.right - box.left)).toFixed(4)}%`;
    style.top = `${box.level * ROW_PIXELS}px`;
    style.setProperty("--fill", light.fill);
    style.setProperty("--ink", light.ink);
    style.setProperty("--dark-fill", dark.fill);
    style.setProperty("--dark-ink", dark.ink);
    if (codes) element.dataset.flagged = "";
    if (box.right - box.left >= LABELLED) {
      element.append(nameOf(codes ? `⚠ ${label}` : label, "box-name"));
    }
    const percent = formatShare(share);
    if (box.right - box.left >= LETTER * (label.length + percent.length + 3)) {
      element.append(make("span", "box-share", {}, percent));
    }
    this.#boxOf.set(element, box);
    for (const member of members) this.#elements.set(member, element);
    return element;
  }

  /** Above a zoomed drawing: the way back. */
  #drawCrumbs(chain: readonly TreeNode[]): void {
    if (chain.length < 2) {
      this.#crumbs.replaceChildren(
        make("span", "crumb-hint", {}, "Double-click or press Enter to zoom in"),
      );
      return;
    }
    this.#crumbs.replaceChildren(
      ...chain.map((node, index) => {
        const label = relativeName(node, chain[index - 1]?.path ?? null);
        const last = index === chain.length - 1;
        const crumb = make(
          "button",
          "crumb",
          { type: "button", ...(last ? { "aria-current": "true" } : {}) },
          nameOf(label, ""),
        );
        crumb.addEventListener("click", () => this.#zoom(node));
        return crumb;
      }),
    );
  }

  #zoom(node: TreeNode): void {
    if (!this.#state) return;
    const leaf = !node.children.length;
    const above = leaf ? this.#boxOf.get(this.#elements.get(node) ?? this.element)?.parent : null;
    this.#top = (leaf ? above?.node : node)?.path ?? null;
    this.draw(this.#state);
    this.#focus(this.#elements.has(node) ? node : null);
  }

  #boxAt(event: Event): Box | null {
    const element = (event.target as Element | null)?.closest(".irene-box");
    return (element && this.#boxOf.get(element)) ?? null;
  }

  #focus(node: TreeNode | null | undefined): boolean {
    const element = node && this.#elements.get(node);
    if (!element) return false;
    for (const other of this.#boxes.querySelectorAll('[tabindex="0"]')) {
      other.setAttribute("tabindex", "-1");
    }
    element.tabIndex = 0;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
    return true;
  }

  /** True where `key` means something here. */
  #act(box: Box, key: string): boolean {
    const beside = (step: 1 | -1): TreeNode | undefined => {
      const siblings = this.#drawn.filter(({ parent }) => parent === box.parent);
      return siblings[siblings.indexOf(box) + step]?.node;
    };
    switch (key) {
      case "ArrowDown":
        return this.#focus(box.node.children.find((child) => this.#elements.has(child))) || true;
      case "ArrowUp":
        return this.#focus(box.parent?.node) || true;
      case "ArrowRight":
        return this.#focus(beside(1)) || true;
      case "ArrowLeft":
        return this.#focus(beside(-1)) || true;
      case "Home": {
        this.#zoom(this.#state?.root ?? box.node);
        return true;
      }
      case "Enter":
        if (box.node === this.#state?.selected) this.#zoom(box.node);
        else this.#choose(box.node);
        return true;
      case " ":
        this.#choose(box.node);
        return true;
      case "Backspace": {
        const chain = this.#state && this.#top !== null ? chainTo(this.#state.root, this.#top) : [];
        const above = chain.at(-2);
        if (above) this.#zoom(above);
        return true;
      }
      default:
        return false;
    }
  }
}

/** From `root` down to the node at `path`; empty where there is none. */
function chainTo(root: TreeNode, path: string): TreeNode[] {
  if (root.path === path) return [root];
  for (const child of root.children) {
    const below = chainTo(child, path);
    if (below.length) return [root, ...below];
  }
  return [];
}

// Elements, made without ever parsing a string as markup: names in a report are not trusted.

type Content = Node | string | null;

/** An element with a class (prefixed), attributes and content; strings become text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name: string,
  attributes: Record<string, string> = {},
  ...content: Content[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (name) element.className = `irene-${name}`;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content.filter((part) => part !== null));
  return element;
}

/** Keeps units and shapes on one line: "23.3 %", "8 × 128". */
export const unbroken = (text: string): string =>
  text.replace(/ (?=[%×])|(?<=×) |(?<=\d) (?=[A-Za-zµ/]{1,6}(?:$|[ ,]))/g, "\u00a0");

const LONGEST_NAME = 400;

/** A name, isolated so that no right-to-left mark in it can reorder what stands around it. */
export function nameOf(text: string, className: string): HTMLElement {
  return make("bdi", className, { dir: "ltr" }, shorten(text));
}

export const shorten = (text: string): string =>
  text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text;

// The ipywidgets adapter (anywidget): traits on one side, the pure view on the other.

import { renderTree, UNITS, VIEWS } from "./tree/index.js";

/** What this adapter uses of anywidget's model. */
interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  // Set while this view itself changes the model: it has drawn the change already.
  let sending = false;
  const send = (name: string, value: unknown): void => {
    sending = true;
    model.set(name, value);
    sending = false;
    model.save_changes();
  };
  const selected = (): string => String(model.get("selected") ?? "");
  const depth = (): number => Number(model.get("expanded_depth") ?? 2);
  const phase = (): string => String(model.get("phase") ?? "");
  const choice = <T extends string>(name: string, choices: readonly [T, ...T[]]): T =>
    choices.find((candidate) => candidate === model.get(name)) ?? choices[0];
  const devices = (): (readonly [string, string])[] => {
    const known: unknown = model.get("devices");
    return (Array.isArray(known) ? known : [])
      .filter((each): each is unknown[] => Array.isArray(each))
      .map(([name, label]) => [String(name), String(label)] as const);
  };
  const device = (): string => String(model.get("device") ?? "");
  const view = renderTree(el, model.get("data"), {
    selected: selected(),
    expandedDepth: depth(),
    unit: choice("unit", UNITS),
    view: choice("view", VIEWS),
    phase: phase(),
    onSelect: (path) => send("selected", path),
    onDepth: (levels) => send("expanded_depth", levels),
    onUnit: (unit) => send("unit", unit),
    onView: (name) => send("view", name),
    devices: devices(),
    device: device(),
    onDevice: (name) => send("device", name),
    onAdvice: () => model.send({ ask: "advice" }),
    onPhase: (name) => send("phase", name),
  });
  view.showAdvice(model.get("advice"));
  const changes: Record<string, () => void> = {
    data: () => view.update(model.get("data")),
    selected: () => void view.select(selected()),
    expanded_depth: () => view.setDepth(depth()),
    unit: () => view.setUnit(choice("unit", UNITS)),
    view: () => view.setView(choice("view", VIEWS)),
    device: () => view.setDevices(devices(), device()),
    devices: () => view.setDevices(devices(), device()),
    advice: () => view.showAdvice(model.get("advice")),
    phase: () => view.setPhase(phase()),
  };
  const listeners = Object.entries(changes).map(
    ([name, change]): [string, () => void] => [
      `change:${name}`,
      () => {
        if (!sending) change();
      },
    ],
  );
  for (const [event, listener] of listeners) model.on(event, listener);
  return () => {
    for (const [event, listener] of listeners) model.off(event, listener);
    view.dispose();
  };
}

export { renderTree };
export default { render };

// @vitest-environment happy-dom
// The menu of devices: there where a kernel knows several, and it tells which one was chosen.

import { beforeEach, expect, it, vi } from "vitest";
import { renderTree } from "../src/tree/index.js";
import widget from "../src/widget.js";
import { bert } from "./reports.js";

const HERE = "this machine (AMD EPYC, 2 virtual CPUs, rated about 6 W)";
const DEVICES = [
  ["here", HERE],
  ["gtx1080ti", "GTX 1080 Ti PC"],
] as const;

let place: HTMLElement;
beforeEach(() => {
  place = document.createElement("div");
  document.body.replaceChildren(place);
});
const menu = (): HTMLSelectElement => place.querySelector('[data-menu="device"]')!;
const isShown = (): boolean => !(menu().parentElement as HTMLElement).hidden;

it("has no menu of devices without a kernel", () => {
  renderTree(place, bert());
  expect(isShown()).toBe(false);
});

it("tells the device that is chosen, and shows the one that came", () => {
  const onDevice = vi.fn();
  const view = renderTree(place, bert(), { devices: DEVICES, device: "here", onDevice });
  expect(isShown()).toBe(true);
  expect([...menu().options].map((each) => each.text)).toEqual(["this machine", "GTX 1080 Ti PC"]);
  expect(menu().options[0]!.title).toBe(HERE);
  menu().value = "gtx1080ti";
  menu().dispatchEvent(new Event("change"));
  expect(onDevice).toHaveBeenCalledExactlyOnceWith("gtx1080ti");
  view.setDevices(DEVICES, "here");
  expect(menu().value).toBe("here");
});

it("asks the kernel, which sends another report", () => {
  const values: Record<string, unknown> = {
    data: bert(),
    device: "here",
    devices: DEVICES.map((each) => [...each]),
  };
  const save = vi.fn();
  const model = {
    get: (name: string) => values[name],
    set: (name: string, value: unknown) => void (values[name] = value),
    save_changes: save,
    send: vi.fn(),
    on: vi.fn(),
    off: vi.fn(),
  };
  widget.render({ model, el: place });
  menu().value = "gtx1080ti";
  menu().dispatchEvent(new Event("change"));
  expect(values.device).toBe("gtx1080ti");
  expect(save).toHaveBeenCalledOnce();
});

it("says beside an estimate what another device would need", () => {
  const said = (elsewhere?: string) => {
    const data = bert() as Record<string, any>;
    const energy = data.root.energy;
    data.device = { name: "here", label: HERE, kind: "estimated" };
    data.said = {
      joules: energy.joules,
      source: energy.source,
      title: "Bert",
      provenance: `Estimated for ${HERE}, by its load and the times measured here`,
      interval: "range",
      flags: [],
      phases: null,
      parts: null,
      lines: [],
      ...(elsewhere === undefined ? {} : { elsewhere }),
    };
    return data;
  };
  const line = "On a GTX 1080 Ti PC: 14.3 J [13.9–14.8, 90 %], predicted";
  const view = renderTree(place, said(line));
  expect(place.querySelector(".irene-elsewhere")?.textContent).toBe(line);
  expect(place.querySelector(".irene-heading")?.textContent).toContain("Range");
  view.update(said());
  expect(place.querySelector(".irene-elsewhere")).toBeNull();
});

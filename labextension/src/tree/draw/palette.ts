// The colours of figure 5: ColorBrewer "Oranges", darker is more, as `irene_jupyter/report/colours.py`.

const PALETTE = [
  [255, 245, 235],
  [254, 230, 206],
  [253, 208, 162],
  [253, 174, 107],
  [253, 141, 60],
  [241, 105, 19],
  [217, 72, 1],
  [166, 54, 3],
  [127, 39, 4],
] as const;
type Channels = readonly [number, number, number];

/** W3C relative luminance. */
function luminance(colour: Channels): number {
  const [red, green, blue] = colour.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * Fill and text colour for a share of the root, always readable. By the square root of the
 * share, or all but a few nodes would look alike. On a dark page more is brighter.
 */
export function shade(share: number | null, isDark = false): { fill: string; ink: string } {
  const root = Math.sqrt(Math.min(1, Math.max(0, share ?? 0)));
  const place = (isDark ? 1 - root : root) * (PALETTE.length - 1);
  const lower = Math.min(Math.floor(place), PALETTE.length - 2);
  const [from, to] = [PALETTE[lower] as Channels, PALETTE[lower + 1] as Channels];
  const mixed = from.map((channel, index) =>
    Math.round(channel + ((to[index] as number) - channel) * (place - lower)),
  ) as [number, number, number];
  const light = luminance(mixed);
  // Contrast against white is 1.05 / (light + .05), against black (light + .05) / .05.
  const ink = 1.05 / (light + 0.05) > (light + 0.05) / 0.05 ? "#ffffff" : "#000000";
  return { fill: `rgb(${mixed.join(", ")})`, ink };
}

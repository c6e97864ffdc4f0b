// Long texts of JSON as a notebook holds them (`report/deflated.py`): "zlib:", their bytes, base64.
//
// Inflated here (RFC 1951, code by code) because browsers do it only in streams, later, and a
// library takes 4 kB of the 60 that the widget may have.

const FORM = /^zlib:(\d{1,9}):/;
/** Far more than any report has: what says so is made to exhaust a reader's memory. */
const MOST_BYTES = 256 * 2 ** 20;
const ZLIB_HEADER_BITS = 16;
const LONGEST_CODE = 15;
const END_OF_BLOCK = 256;
const LAST_LENGTH = 28; // which stands for 258 bytes
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** What was deflated, or `text` itself. Throws where it is damaged. */
export function inflated(text: string): string {
  const [form, bytes] = FORM.exec(text) ?? [];
  if (form === undefined) return text;
  if (Number(bytes) > MOST_BYTES) throw new Error("too long");
  const packed = Uint8Array.from(atob(text.slice(form.length)), (char) => char.charCodeAt(0));
  return new TextDecoder().decode(inflate(packed, Number(bytes)));
}

/** How many codes have each length, and their symbols in order: all that a Huffman code is. */
type Code = { counts: number[]; symbols: number[] };

function codeOf(lengths: number[]): Code {
  const counts = new Array<number>(LONGEST_CODE + 1).fill(0);
  for (const length of lengths) if (length) counts[length]!++;
  const symbols = lengths
    .map((length, symbol) => [length, symbol] as const)
    .filter(([length]) => length)
    .sort(([a, first], [b, second]) => a - b || first - second)
    .map(([, symbol]) => symbol);
  return { counts, symbols };
}

const repeated = (number: number, length: number): number[] => new Array<number>(number).fill(length);
const FIXED = [
  codeOf([...repeated(144, 8), ...repeated(112, 9), ...repeated(24, 7), ...repeated(8, 8)]),
  codeOf(repeated(30, 5)),
] as const;

function inflate(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let position = ZLIB_HEADER_BITS;
  let written = 0;

  const bits = (number: number): number => {
    let value = 0;
    for (let index = 0; index < number; index++, position++) {
      const byte = packed[position >> 3];
      if (byte === undefined) throw new Error("no end");
      value |= ((byte >> (position & 7)) & 1) << index;
    }
    return value;
  };
  const put = (byte: number | undefined): void => {
    if (byte === undefined || written === size) throw new Error("damaged");
    out[written++] = byte;
  };
  const symbol = ({ counts, symbols }: Code): number => {
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length <= LONGEST_CODE; length++) {
      code |= bits(1);
      const count = counts[length]!;
      if (code - first < count) return symbols[index + code - first]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new Error("damaged");
  };
  const codes = (): readonly [Code, Code] => {
    const [literals, distances, number] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
    const order = repeated(ORDER.length, 0);
    for (const place of ORDER.slice(0, number)) order[place] = bits(3);
    const code = codeOf(order);
    const lengths: number[] = [];
    while (lengths.length < literals + distances) {
      const next = symbol(code);
      if (next < 16) lengths.push(next);
      else if (next === 16) lengths.push(...repeated(3 + bits(2), lengths.at(-1) ?? 0));
      else lengths.push(...repeated(next === 17 ? 3 + bits(3) : 11 + bits(7), 0));
    }
    return [codeOf(lengths.slice(0, literals)), codeOf(lengths.slice(literals))];
  };
  const block = (literals: Code, distances: Code): void => {
    for (let next = symbol(literals); next !== END_OF_BLOCK; next = symbol(literals)) {
      if (next < END_OF_BLOCK) {
        put(next);
        continue;
      }
      const kind = next - END_OF_BLOCK - 1;
      const more = kind < 8 || kind === LAST_LENGTH ? 0 : (kind >> 2) - 1;
      const base = kind < 8 ? kind + 3 : kind === LAST_LENGTH ? 258 : ((4 + (kind & 3)) << more) + 3;
      const length = base + bits(more);
      const far = symbol(distances);
      const farther = far < 4 ? 0 : (far >> 1) - 1;
      const distance = far < 4 ? far + 1 : ((2 + (far & 1)) << farther) + 1 + bits(farther);
      for (let count = 0; count < length; count++) put(out[written - distance]);
    }
  };

  for (let last = false; !last; ) {
    last = bits(1) === 1;
    const kind = bits(2);
    if (kind === 0) {
      position = (position + 7) & ~7;
      const length = bits(16);
      position += 16; // its complement
      for (let count = 0; count < length; count++) put(bits(8));
    } else if (kind === 3) throw new Error("damaged");
    else block(...(kind === 1 ? FIXED : codes()));
  }
  if (written !== size) throw new Error("damaged");
  return out;
}

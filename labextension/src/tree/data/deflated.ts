// Long texts of JSON as a notebook holds them (`report/deflated.py`): "zlib:", their bytes, base64.

import { unzlibSync } from "fflate";

const FORM = /^zlib:(\d{1,9}):/;
/** Far more than any report has: what says so is made to exhaust a reader's memory. */
const MOST_BYTES = 256 * 2 ** 20;

/** What was deflated, or `text` itself. Throws where it is damaged. */
export function inflated(text: string): string {
  const [form, bytes] = FORM.exec(text) ?? [];
  if (form === undefined) return text;
  if (Number(bytes) > MOST_BYTES) throw new Error("too long");
  const packed = Uint8Array.from(atob(text.slice(form.length)), (char) => char.charCodeAt(0));
  const out = new Uint8Array(Number(bytes)); // which is never outgrown
  return new TextDecoder().decode(unzlibSync(packed, { out }));
}

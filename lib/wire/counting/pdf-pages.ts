import { inflateSync, constants as zlib } from "node:zlib";

/** What may still be read of all documents of one body, in bytes. */
export type Reading = { scanned: number; unpacked: number };

export function newReading(): Reading {
  return { scanned: 4 * 1024 * 1024, unpacked: 1024 * 1024 };
}

/** What a document counts as whose pages cannot be seen: as many as a provider usually reads. */
export const PAGES_UNSEEN = 100;
/** More pages than any provider reads. */
export const PAGES_MAX = 2000;

/**
 * The number of pages in a PDF, from a search for the words that make them; 0 = the text is no PDF in base64. The
 * document is never interpreted. The result is the highest of several counts, so a number that is too low is found by
 * another. Pages that the search may miss count as PAGES_UNSEEN: names in a second spelling, encryption, a page that
 * is listed twice, and packed objects that cannot be read within the bounds.
 */
export function pdfPages(base64: string, reading: Reading): number {
  const head = Buffer.from(base64.slice(0, HEAD_CHARS), "base64");
  if (!head.includes("%PDF-")) return 0;
  if (base64.length > reading.scanned) return PAGES_UNSEEN;
  reading.scanned -= base64.length + EACH_BYTES;
  const bytes = Buffer.from(base64, "base64");
  const text = bytes.toString("latin1");
  const { texts, isWhole } = unpacked(text, bytes, reading);
  const seen = [text, ...texts].map(seenIn);
  const most = Math.max(sumOf(seen, "pages"), sumOf(seen, "listed"), ...seen.map(({ told }) => told));
  const isSeen = isWhole && seen.every(({ isOdd }) => !isOdd);
  return Math.min(PAGES_MAX, isSeen ? most : Math.max(most, PAGES_UNSEEN));
}

/** Some writers put other bytes before the beginning of a document; readers look for it in the first 1,024. */
const HEAD_CHARS = 1368;
/** What a document or a stream costs at least, however small it is. */
const EACH_BYTES = 1024;

type Seen = {
  /** objects that say they are a page */
  readonly pages: number;
  /** members of lists of pages */
  readonly listed: number;
  /** the highest number of pages that a list names */
  readonly told: number;
  /** whether there may be more */
  readonly isOdd: boolean;
};

function sumOf(seen: readonly Seen[], name: "pages" | "listed"): number {
  return seen.reduce((sum, one) => sum + one[name], 0);
}

/** One pass: each character is looked at once, and a few after each slash. */
function seenIn(text: string): Seen {
  const seen = { pages: 0, listed: 0, told: 0 };
  const odd = () => ({ ...seen, isOdd: true });
  let lists = 0;
  let listChars = 0;
  let escapes = 0;
  for (let at = 0; at < text.length && seen.pages < PAGES_MAX; at += 1) {
    const code = text.charCodeAt(at);
    if (code === HASH && isLetterAt(text, at + 1)) {
      escapes += 1;
      if (escapes > ESCAPES_MAX || isInName(text, at)) return odd();
    }
    if (code !== SLASH) continue;
    const next = text.charCodeAt(at + 1);
    if (next === P && text.startsWith("age", at + 2) && !isRegular(text.charCodeAt(at + 5))) seen.pages += 1;
    else if (next === E && text.startsWith("ncrypt", at + 2)) return odd();
    else if (next === K && text.startsWith("ids", at + 2)) {
      const list = listAt(text, at);
      lists += 1;
      listChars += list.chars;
      if (list.isOdd || lists > LISTS_MAX || listChars > LIST_CHARS_MAX) return odd();
      if (list.told === null) continue;
      seen.listed += list.members;
      seen.told = Math.max(seen.told, list.told);
    }
  }
  return { ...seen, isOdd: false };
}

const [HASH, SLASH, E, K, P] = [0x23, 0x2f, 0x45, 0x4b, 0x50];
const ESCAPES_MAX = 20_000;

/** Whether a name goes on with this character; NaN = the text has ended. */
function isRegular(code: number): boolean {
  return code > SPACE && !DELIMITERS.has(code);
}

const SPACE = 32;
const DELIMITERS: ReadonlySet<number> = new Set([..."()<>[]{}/%"].map((one) => one.charCodeAt(0)));

/** Whether a letter is written here as its number. In a name no writer does that, except to hide it. */
function isLetterAt(text: string, at: number): boolean {
  const high = text.charCodeAt(at);
  if (high < FOUR || high > SEVEN) return false;
  const code = Number.parseInt(text.slice(at, at + 2), 16);
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

const [FOUR, SEVEN] = [0x34, 0x37];

function isInName(text: string, at: number): boolean {
  return /\/\w{0,16}$/.test(text.slice(Math.max(0, at - 17), at));
}

/** A list of pages has some members; a document with more lists than this is no usual one. */
const LISTS_MAX = 1000;

type List = {
  readonly chars: number;
  readonly members: number;
  /** the number of pages in it; null = it is a list of other things, such as fields of a form */
  readonly told: number | null;
  /** it names a member twice, or another list stands in it */
  readonly isOdd: boolean;
};

function listAt(text: string, at: number): List {
  const most = text.slice(at, at + LIST_CHARS_MAX);
  const end = most.indexOf("]");
  const list = end < 0 ? most : most.slice(0, end);
  const members = [...list.matchAll(/(\d{1,10})\s{1,8}\d{1,5}\s{1,8}R/g)].map(([, number]) => number);
  const before = text.slice(Math.max(0, at - AROUND_CHARS), at);
  const after = text.slice(at + list.length, at + list.length + AROUND_CHARS);
  const around = `${before.slice(before.lastIndexOf("<<") + 1)} ${after.slice(0, Math.max(0, after.indexOf(">>")))}`;
  const count = /\/Count\s{0,8}\+?(\d{1,9})/.exec(around);
  const isPages = count !== null || /\/Pages(?![\w#.-])/.test(around);
  return {
    chars: list.length,
    members: members.length,
    told: isPages ? Number(count?.[1] ?? 0) : null,
    isOdd: new Set(members).size < members.length || list.includes("/Kids", 5),
  };
}

/** Of one list, and of all lists of a document: 2,000 pages take some 20,000. */
const LIST_CHARS_MAX = 64 * 1024;
const AROUND_CHARS = 1024;

/** The streams that hold further objects. `isWhole`: all of them could be read. */
function unpacked(text: string, bytes: Buffer, reading: Reading): { texts: string[]; isWhole: boolean } {
  const texts: string[] = [];
  for (let at = text.indexOf("/ObjStm"); at >= 0; at = text.indexOf("/ObjStm", at + 7)) {
    const start = text.indexOf("stream", at);
    const end = start < 0 ? -1 : text.indexOf("endstream", start + 6);
    if (end < 0) return { texts, isWhole: false };
    const before = text.slice(Math.max(0, at - AROUND_CHARS), at);
    const head = `${before.slice(before.lastIndexOf("obj") + 1)} ${text.slice(at, Math.min(start, at + AROUND_CHARS))}`;
    const from = start + (text.startsWith("\r\n", start + 6) ? 8 : 7);
    const one = inflated(bytes.subarray(from, end), head, reading);
    if (one === null) return { texts, isWhole: false };
    texts.push(one);
    at = end;
  }
  return { texts, isWhole: true };
}

function inflated(packed: Buffer, head: string, reading: Reading): string | null {
  if (reading.unpacked <= 0) return null;
  reading.unpacked -= EACH_BYTES;
  // It stands in the document as it is.
  if (!head.includes("/Filter")) return "";
  const isFlate = /\/Filter\s{0,8}\[?\s{0,8}\/FlateDecode\s{0,8}(?:\]|\/|>)/.test(head);
  if (!isFlate || head.includes("/Predictor")) return null;
  try {
    const maxOutputLength = Math.max(1, reading.unpacked);
    const text = inflateSync(packed, { maxOutputLength, finishFlush: zlib.Z_SYNC_FLUSH }).toString("latin1");
    reading.unpacked -= text.length;
    return text;
  } catch {
    // Too long, or no such data.
    return null;
  }
}

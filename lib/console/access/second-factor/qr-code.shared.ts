import { errorBytes } from "./reed-solomon.shared";

/** Rows of modules; true = dark. Without the quiet zone: the drawing needs four light modules around it. */
export type QrCode = readonly (readonly boolean[])[];

/**
 * A text as a QR code: bytes in UTF-8, error correction level M (15 % may be unreadable), the smallest of versions 1 to 20 that
 * holds it. Source: ISO/IEC 18004. Throws when the text is longer than 666 bytes.
 */
export function qrCodeOf(text: string): QrCode {
  const bytes = new TextEncoder().encode(text);
  const version = BLOCKS.findIndex((_count, at) => at > 0 && bytes.length <= roomOf(at));
  if (version === -1) throw new RangeError(`a text of ${bytes.length} bytes does not fit into a QR code`);
  const canvas = framed(version);
  place(canvas, interleaved(dataOf(bytes, version), version));
  const drawn = MASKS.map((mask, at) => masked(canvas, mask, at));
  return drawn.reduce((best, one) => (penaltyOf(one) < penaltyOf(best) ? one : best));
}

/** Level M by version: blocks, and error bytes in each. */
const BLOCKS = [0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];
const ERROR_BYTES = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BYTE_MODE = 4;
const LEVEL_M = 0;
const LONG_COUNT_FROM = 10;

/** Bytes of a symbol, data and error correction together. */
function bytesOf(version: number): number {
  const alignments = version === 1 ? 0 : Math.floor(version / 7) + 2;
  const modules =
    (16 * version + 128) * version +
    64 -
    (version === 1 ? 0 : (25 * alignments - 10) * alignments - 55) -
    (version >= 7 ? 36 : 0);
  return Math.floor(modules / 8);
}

function dataBytesOf(version: number): number {
  return bytesOf(version) - (BLOCKS[version] ?? 0) * (ERROR_BYTES[version] ?? 0);
}

function roomOf(version: number): number {
  return dataBytesOf(version) - (version < LONG_COUNT_FROM ? 2 : 3);
}

/** Mode, count and bytes, filled up to the size of the version. */
function dataOf(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const put = (value: number, length: number) => {
    for (let at = length - 1; at >= 0; at--) bits.push((value >> at) & 1);
  };
  put(BYTE_MODE, 4);
  put(bytes.length, version < LONG_COUNT_FROM ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const size = dataBytesOf(version);
  put(0, Math.min(4, size * 8 - bits.length));
  const data: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    data.push(bits.slice(at, at + 8).reduce((byte, bit, place) => byte | (bit << (7 - place)), 0));
  }
  for (let filler = 0xec; data.length < size; filler ^= 0xec ^ 0x11) data.push(filler);
  return data;
}

/** Blocks with their error bytes, one byte of each in turn. The last blocks are a byte longer where it does not divide. */
function interleaved(data: readonly number[], version: number): number[] {
  const count = BLOCKS[version] ?? 1;
  const short = Math.floor(data.length / count);
  const longer = data.length % count;
  const blocks = Array.from({ length: count }, (_, at) => {
    const start = at * short + Math.max(0, at - (count - longer));
    return data.slice(start, start + short + (at >= count - longer ? 1 : 0));
  });
  const errors = blocks.map((block) => errorBytes(block, ERROR_BYTES[version] ?? 0));
  const turns = (rows: readonly (readonly number[])[]) =>
    Array.from({ length: Math.max(...rows.map((row) => row.length)) }, (_, at) =>
      rows.flatMap((row) => row[at] ?? []),
    ).flat();
  return [...turns(blocks), ...turns(errors)];
}

/** A symbol under way: what is dark, and which modules are fixed by the standard. */
type Canvas = { readonly size: number; readonly version: number; readonly dark: boolean[]; readonly fixed: boolean[] };

function framed(version: number): Canvas {
  const size = 17 + 4 * version;
  const canvas: Canvas = { size, version, dark: [], fixed: [] };
  for (let at = 0; at < size * size; at++) {
    canvas.dark.push(false);
    canvas.fixed.push(false);
  }
  for (let at = 0; at < size; at++) {
    fix(canvas, at, 6, at % 2 === 0);
    fix(canvas, 6, at, at % 2 === 0);
  }
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const) {
    rings(canvas, { x, y, reach: 4 });
  }
  for (const [x, y] of alignmentsOf(version)) rings(canvas, { x, y, reach: 2 });
  drawFormat(canvas, 0);
  drawVersion(canvas);
  return canvas;
}

function fix(canvas: Canvas, x: number, y: number, isDark: boolean): void {
  if (x < 0 || y < 0 || x >= canvas.size || y >= canvas.size) return;
  canvas.dark[y * canvas.size + x] = isDark;
  canvas.fixed[y * canvas.size + x] = true;
}

/** Squares around a point: light at the second and the fourth step, as in a finder with its margin, and in an alignment mark. */
function rings(canvas: Canvas, { x, y, reach }: { x: number; y: number; reach: 2 | 4 }): void {
  for (let down = -reach; down <= reach; down++) {
    for (let right = -reach; right <= reach; right++) {
      const step = Math.max(Math.abs(down), Math.abs(right));
      fix(canvas, x + right, y + down, reach === 2 ? step !== 1 : step !== 2 && step !== 4);
    }
  }
}

/** Centres of the alignment marks; none where a finder is. */
function alignmentsOf(version: number): readonly (readonly [number, number])[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const gap = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  const last = version * 4 + 10;
  const places = [6, ...Array.from({ length: count - 1 }, (_, at) => last - gap * (count - 2 - at))];
  return places.flatMap((x) =>
    places
      .filter((y) => !(x === 6 && y === 6) && !(x === 6 && y === last) && !(x === last && y === 6))
      .map((y) => [x, y] as const),
  );
}

/** Level and mask, twice, each with ten error bits. */
function drawFormat(canvas: Canvas, mask: number): void {
  const data = (LEVEL_M << 3) | mask;
  const bits = ((data << 10) | remainder(data, 10, 0x537)) ^ 0x5412;
  const bit = (at: number) => ((bits >> at) & 1) === 1;
  const { size } = canvas;
  for (let at = 0; at <= 5; at++) fix(canvas, 8, at, bit(at));
  fix(canvas, 8, 7, bit(6));
  fix(canvas, 8, 8, bit(7));
  fix(canvas, 7, 8, bit(8));
  for (let at = 9; at < 15; at++) fix(canvas, 14 - at, 8, bit(at));
  for (let at = 0; at < 8; at++) fix(canvas, size - 1 - at, 8, bit(at));
  for (let at = 8; at < 15; at++) fix(canvas, 8, size - 15 + at, bit(at));
  fix(canvas, 8, size - 8, true);
}

function drawVersion(canvas: Canvas): void {
  const { version, size } = canvas;
  if (version < 7) return;
  const bits = (version << 12) | remainder(version, 12, 0x1f25);
  for (let at = 0; at < 18; at++) {
    const isDark = ((bits >> at) & 1) === 1;
    const [near, far] = [Math.floor(at / 3), size - 11 + (at % 3)];
    fix(canvas, far, near, isDark);
    fix(canvas, near, far, isDark);
  }
}

/** Of a value with `length` zero bits behind it, divided by a polynomial over two elements. */
function remainder(value: number, length: number, polynomial: number): number {
  let rest = value;
  for (let at = 0; at < length; at++) rest = (rest << 1) ^ ((rest >> (length - 1)) * polynomial);
  return rest;
}

/** Bytes in columns of two, upwards and downwards by turns, from the right. The column of the timing marks is left out. */
function place(canvas: Canvas, bytes: readonly number[]): void {
  const { size } = canvas;
  let at = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    const isUpward = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step++) {
      const y = isUpward ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (canvas.fixed[y * size + x] === true) continue;
        canvas.dark[y * size + x] = (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) === 1;
        at++;
      }
    }
  }
}

type Mask = (x: number, y: number) => boolean;

const MASKS: readonly Mask[] = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function masked(canvas: Canvas, mask: Mask, number: number): QrCode {
  const { size } = canvas;
  const dark = canvas.dark.map((isDark, at) =>
    canvas.fixed[at] === true ? isDark : isDark !== mask(at % size, Math.floor(at / size)),
  );
  const own: Canvas = { ...canvas, dark, fixed: [...canvas.fixed] };
  drawFormat(own, number);
  return Array.from({ length: size }, (_, y) => own.dark.slice(y * size, (y + 1) * size));
}

/** How hard a symbol is to read: runs, blocks, what looks like a finder, and too much of one colour. */
function penaltyOf(code: QrCode): number {
  const columns = code.map((_row, x) => code.map((row) => row[x] === true));
  const lines = [...code, ...columns].map((line) => line.map((isDark) => (isDark ? "1" : "0")).join(""));
  let penalty = 0;
  for (const line of lines) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) penalty += run.length - 2;
    penalty += 40 * (line.match(/(?=10111010000)|(?=00001011101)/g) ?? []).length;
  }
  const size = code.length;
  for (let y = 0; y + 1 < size; y++) {
    for (let x = 0; x + 1 < size; x++) {
      const one = code[y]?.[x];
      if (one === code[y]?.[x + 1] && one === code[y + 1]?.[x] && one === code[y + 1]?.[x + 1]) penalty += 3;
    }
  }
  const share = code.flat().filter((isDark) => isDark).length / (size * size);
  return penalty + 10 * Math.floor(Math.abs(share * 20 - 10));
}

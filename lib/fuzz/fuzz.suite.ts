import { type Seeded, seeded } from "./seeded.suite";

/** FUZZ=100 for a hundred times as many, SEED=n for others; what is printed on a failure repeats it alone. */
const TIMES = Number(process.env.FUZZ ?? 1);
const SEED = Number(process.env.SEED ?? 20_261_127);

/** Plays so many rounds, each on chances of its own; a failure names the seed of its round. */
export function rounds(count: number, play: (chance: Seeded, seed: number) => void): void {
  for (let round = 0; round < count * TIMES; round++) {
    const seed = SEED + round;
    try {
      play(seeded(seed), seed);
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Error(`FUZZ=1 SEED=${seed} repeats it: ${what}`, { cause: error });
    }
  }
}

/** Texts at which parsers break; names of members, too. */
const ODD_TEXTS = [
  ...["", " ", "0", "-1", "1e309", "NaN", "null", "\u0000", "\u202e", "a\r\nb: c", "__proto__", "constructor"],
  ...["%00", "../", "toString", "length", "then"],
];
/** Numbers and shapes at which sums and parsers break. */
const ODD_VALUES: readonly unknown[] = [
  ...[0, -0, -1, 1, 0.5, 1e15, 2 ** 31, 2 ** 53, -(2 ** 53), 1e21, 1e-7, 9_007_199_254_740_991],
  ...[null, true, false, [], {}, [[]], [null], { length: 3 }, { toString: 1 }, { type: "text" }, { role: "system" }],
  ...ODD_TEXTS,
];

/** A copy of a JSON value with some of its places changed, doubled, removed or nested. */
export function mutated(value: unknown, chance: Seeded, strength = 0.12): unknown {
  if (chance.isLikely(strength)) return chance.isLikely(0.1) ? nested(value, chance) : chance.pick(ODD_VALUES);
  if (Array.isArray(value)) {
    const kept = value.flatMap((one) => (chance.isLikely(strength / 2) ? [] : [mutated(one, chance, strength)]));
    return chance.isLikely(strength / 2) ? [...kept, ...kept, chance.pick(ODD_VALUES)] : kept;
  }
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).flatMap(([name, one]) =>
    chance.isLikely(strength / 2) ? [] : [[name, mutated(one, chance, strength)]],
  );
  if (chance.isLikely(strength)) kept.push([chance.pick(ODD_TEXTS), chance.pick(ODD_VALUES)]);
  return Object.fromEntries(kept);
}

function nested(value: unknown, chance: Seeded): unknown {
  let inside = value;
  for (let depth = chance.below(80); depth > 0; depth--) inside = chance.isLikely(0.5) ? [inside] : { a: inside };
  return inside;
}

/** Bytes with some flipped, cut out, doubled or put in. */
export function garbled(bytes: Uint8Array, chance: Seeded): Uint8Array {
  const out = [...bytes];
  for (let times = 1 + chance.below(4); times > 0 && out.length > 0; times--) {
    const at = chance.below(out.length);
    const length = chance.below(8);
    if (chance.isLikely(0.4)) out[at] = chance.below(256);
    else if (chance.isLikely(0.5)) out.splice(at, length);
    else out.splice(at, 0, ...Array.from({ length }, () => chance.below(256)));
  }
  return Uint8Array.from(out);
}

/** Bytes cut into pieces anywhere, also within a character. */
export function pieces(bytes: Uint8Array, chance: Seeded): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const length = 1 + chance.below(chance.isLikely(0.2) ? bytes.length : 12);
    out.push(bytes.slice(from, from + length));
    from += length;
  }
  return out;
}

/** Chances that a seed repeats exactly. */
export type Seeded = {
  /** in [0, 1) */
  fraction(): number;
  /** whole, in [0, below) */
  below(below: number): number;
  isLikely(chance: number): boolean;
  pick<T>(list: readonly T[]): T;
};

/** mulberry32: 32 bits of state, good enough to shuffle tests by and the same on every machine. */
export function seeded(seed: number): Seeded {
  let state = seed | 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(fraction() * limit);
  return {
    fraction,
    below,
    isLikely: (chance) => fraction() < chance,
    pick: (list) => {
      const picked = list[below(list.length)];
      if (picked === undefined) throw new Error("nothing to pick from");
      return picked;
    },
  };
}

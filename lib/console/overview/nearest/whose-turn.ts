/**
 * Which of very many are checked this time: the important ones, and as many of the others as there is room for, in
 * turn. `cursor` is the position in `all` where the next time continues.
 */
export function whoseTurn(input: {
  readonly all: readonly string[];
  /** most important first; names that are not in `all` are left out */
  readonly first: readonly string[];
  readonly cursor: number;
  readonly most: number;
}): { readonly ids: readonly string[]; readonly cursor: number } {
  const { all, most } = input;
  if (all.length <= most) return { ids: all, cursor: 0 };
  const known = new Set(all);
  // At least half of the room goes to the others, otherwise they would never have a turn.
  const first = [...new Set(input.first)].filter((id) => known.has(id)).slice(0, Math.floor(most / 2));
  const chosen = new Set(first);
  let cursor = input.cursor % all.length;
  for (let passed = 0; passed < all.length && chosen.size < most; passed++) {
    const id = all[cursor];
    if (id !== undefined) chosen.add(id);
    cursor = (cursor + 1) % all.length;
  }
  return { ids: [...chosen], cursor };
}

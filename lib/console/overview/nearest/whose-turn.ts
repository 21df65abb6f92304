/**
 * Which of very many are looked at this time: those that matter, and of the others as many as there is room for, in
 * turn. `cursor` is the position among `all` at which the next time goes on.
 */
export function whoseTurn(input: {
  readonly all: readonly string[];
  /** the more important the earlier; names that are not among `all` are left out */
  readonly first: readonly string[];
  readonly cursor: number;
  readonly most: number;
}): { readonly ids: readonly string[]; readonly cursor: number } {
  const { all, most } = input;
  if (all.length <= most) return { ids: all, cursor: 0 };
  const known = new Set(all);
  // Half of the room at least goes to the others, or they would never have their turn.
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

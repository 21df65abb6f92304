import type { TierView } from "./tiers";

/** A limit in the editor; a new one has no id yet. */
export type DraftLimit = Omit<TierView["limits"][number], "id"> & { readonly id?: string };

/** Suffix of a limit's name while it is observed before it replaces the limit without the suffix. */
const SUFFIX = "-watched";

/**
 * A draft's limits beside those in force: changed and new ones run under their own names, count, and refuse nothing.
 * All current limits stay, also those that the draft drops.
 */
export function besideNow(now: readonly DraftLimit[], draft: readonly DraftLimit[]): DraftLimit[] {
  const watched = draft.flatMap((limit): DraftLimit[] => {
    const old = now.find((one) => one.name === limit.name);
    if (old !== undefined && isSame(old, limit)) return [];
    const name = isWatched(limit) ? limit.name : `${limit.name}${SUFFIX}`;
    return [withId({ ...limit, name, observe: true }, now)];
  });
  return [...now.filter(({ name }) => !watched.some((one) => one.name === name)), ...watched];
}

/** The limits when the observed ones replace those that they were observed for. */
export function putInForce(now: readonly DraftLimit[]): DraftLimit[] {
  const rest = now.filter((limit) => !isWatched(limit));
  const coming = now
    .filter(isWatched)
    .map((limit) => withId({ ...limit, name: limit.name.slice(0, -SUFFIX.length), observe: false }, rest));
  const isNew = (limit: DraftLimit) => !rest.some((one) => one.name === limit.name);
  return [...rest.map((limit) => coming.find((one) => one.name === limit.name) ?? limit), ...coming.filter(isNew)];
}

export function isWatched({ name, observe }: Pick<DraftLimit, "name" | "observe">): boolean {
  return observe && name.endsWith(SUFFIX);
}

/** With the id of the limit of that name, so that it is an edit of it; otherwise as a new one. */
function withId(limit: DraftLimit, known: readonly DraftLimit[]): DraftLimit {
  const { id: _id, ...rest } = limit;
  const id = known.find((one) => one.name === limit.name)?.id;
  return id === undefined ? rest : { ...rest, id };
}

function isSame(one: DraftLimit, other: DraftLimit): boolean {
  const { id: _id, ...fields } = one;
  return Object.entries(fields).every(
    ([field, value]) => JSON.stringify(value) === JSON.stringify(Reflect.get(other, field)),
  );
}

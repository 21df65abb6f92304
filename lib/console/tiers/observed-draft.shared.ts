import type { TierView } from "./tiers";

/** A limit as it is edited; one that is new has no id yet. */
export type DraftLimit = Omit<TierView["limits"][number], "id"> & { readonly id?: string };

/** What the name of a limit ends with that is being watched before it takes the place of the one without. */
const SUFFIX = "-watched";

/**
 * A draft's limits beside those in force: what it changes or adds runs along under a name of its own, counts, and refuses
 * nothing. Everything of now stays as it is, also what the draft leaves out.
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

/** The limits when those that are watched take the places that they were watched for. */
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

/** Under the id of the limit of that name, so that it is an edit of it; else as a new one. */
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

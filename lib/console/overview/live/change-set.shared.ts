/** Any JSON value; a member that is undefined counts as absent. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json | undefined };

/**
 * The change from one JSON value to another. `set`: replaced by this one. `of`: changed members of an object, `gone`
 * the removed ones. `rows`: a list whose rows have names; `runs` only if their order has changed. `items`: a list of the
 * same length, by place.
 */
export type ChangeSet =
  | { readonly set: Json }
  | { readonly of: Readonly<Record<string, ChangeSet>>; readonly gone?: readonly string[] }
  | { readonly rows: Readonly<Record<string, ChangeSet>>; readonly runs?: readonly Run[] }
  | { readonly items: Readonly<Record<string, ChangeSet>> };

/** The name of a new row; or rows that follow each other as before: the place of the first, and their number. */
export type Run = string | readonly [number, number];

/** The members that name a row. */
const NAMES = ["slug", "minute", "id", "requestId"] as const;

/** `before` with the changes applied; `changes` must be from the same `before`. */
export function changed(before: Json, changes: ChangeSet): Json {
  if ("set" in changes) return changes.set;
  if ("of" in changes) {
    const members: Record<string, Json | undefined> = isObject(before) ? { ...before } : {};
    for (const [name, change] of Object.entries(changes.of)) {
      const known = Object.hasOwn(members, name) ? members[name] : undefined;
      members[name] = changed(known ?? null, change);
    }
    for (const name of changes.gone ?? []) delete members[name];
    return members;
  }
  if ("items" in changes) {
    const items = isList(before) ? [...before] : [];
    for (const [place, change] of Object.entries(changes.items))
      items[Number(place)] = changed(items[Number(place)] ?? null, change);
    return items;
  }
  const rows = new Map(rowsOf(before) ?? []);
  const names = [...rows.keys()];
  for (const [name, change] of Object.entries(changes.rows)) rows.set(name, changed(rows.get(name) ?? null, change));
  const order = changes.runs?.flatMap((run) => (typeof run === "string" ? run : names.slice(run[0], run[0] + run[1])));
  return (order ?? [...rows.keys()]).flatMap((name) => rows.get(name) ?? []);
}

/** A list's rows by their names; null when it is no list, or its rows have no unique names. */
export function rowsOf(value: Json): ReadonlyMap<string, Json> | null {
  if (!isList(value)) return null;
  const list = value;
  const named = NAMES.find(
    (name) => list.length > 0 && list.every((row) => isObject(row) && typeof row[name] === "string"),
  );
  if (named === undefined) return list.length === 0 ? new Map() : null;
  const rows = new Map(list.map((row) => [isObject(row) ? String(row[named]) : "", row]));
  return rows.size === list.length ? rows : null;
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

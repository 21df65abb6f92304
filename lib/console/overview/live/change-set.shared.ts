/** Any JSON value; a member that is undefined counts as absent. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
type JsonObject = { readonly [name: string]: Json | undefined };

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
type Run = string | readonly [number, number];

/** The members that name a row. */
const NAMES = ["slug", "minute", "id", "requestId"] as const;

/** The change from `before` to `after`; null when they are equal. */
export function changesOf(before: Json, after: Json): ChangeSet | null {
  if (before === after) return null;
  const [rowsBefore, rowsAfter] = [rowsOf(before), rowsOf(after)];
  if (rowsBefore !== null && rowsAfter !== null) return changedRows(rowsBefore, rowsAfter);
  if (isObject(before) && isObject(after)) return changedMembers(before, after);
  if (isList(before) && isList(after) && before.length === after.length) return changedItems(before, after);
  return JSON.stringify(before) === JSON.stringify(after) ? null : { set: after };
}

/** `before` with the changes applied; `changes` must be from the same `before`. */
export function changed(before: Json, changes: ChangeSet): Json {
  if ("set" in changes) return changes.set;
  if ("of" in changes) {
    const members: Record<string, Json | undefined> = isObject(before) ? { ...before } : {};
    for (const [name, change] of Object.entries(changes.of)) members[name] = changed(members[name] ?? null, change);
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

function changedItems(before: readonly Json[], after: readonly Json[]): ChangeSet | null {
  const items: Record<string, ChangeSet> = {};
  for (const [place, item] of after.entries()) {
    const change = changesOf(before[place] ?? null, item);
    if (change !== null) items[place] = change;
  }
  return Object.keys(items).length === 0 ? null : { items };
}

function changedMembers(before: JsonObject, after: JsonObject): ChangeSet | null {
  const of: Record<string, ChangeSet> = {};
  for (const [name, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const known = Object.hasOwn(before, name) ? before[name] : undefined;
    const change = known === undefined ? { set: value } : changesOf(known, value);
    if (change !== null) of[name] = change;
  }
  const has = (value: JsonObject, name: string) => Object.hasOwn(value, name) && value[name] !== undefined;
  const gone = Object.keys(before).filter((name) => has(before, name) && !has(after, name));
  if (gone.length > 0) return { of, gone };
  return Object.keys(of).length === 0 ? null : { of };
}

function changedRows(before: ReadonlyMap<string, Json>, after: ReadonlyMap<string, Json>): ChangeSet | null {
  const rows: Record<string, ChangeSet> = {};
  for (const [name, row] of after) {
    const known = before.get(name);
    const change = known === undefined ? { set: row } : changesOf(known, row);
    if (change !== null) rows[name] = change;
  }
  const [names, order] = [[...before.keys()], [...after.keys()]];
  const isSame = order.length === names.length && names.every((name, index) => name === order[index]);
  if (!isSame) return { rows, runs: runsOf(names, order) };
  return Object.keys(rows).length === 0 ? null : { rows };
}

/** An order in as few runs as possible: a list that moves on keeps most of its rows together. */
function runsOf(before: readonly string[], order: readonly string[]): Run[] {
  const placeOf = new Map(before.map((name, place) => [name, place]));
  const runs: Run[] = [];
  for (const name of order) {
    const place = placeOf.get(name);
    const last = runs.at(-1);
    if (place === undefined) runs.push(name);
    else if (typeof last === "object" && place === last[0] + last[1]) runs[runs.length - 1] = [last[0], last[1] + 1];
    else runs.push([place, 1]);
  }
  return runs;
}

/** A list's rows by their names; null when it is no list, or its rows have no unique names. */
function rowsOf(value: Json): ReadonlyMap<string, Json> | null {
  if (!isList(value)) return null;
  const list = value;
  const named = NAMES.find(
    (name) => list.length > 0 && list.every((row) => isObject(row) && typeof row[name] === "string"),
  );
  if (named === undefined) return list.length === 0 ? new Map() : null;
  const rows = new Map(list.map((row) => [isObject(row) ? String(row[named]) : "", row]));
  return rows.size === list.length ? rows : null;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

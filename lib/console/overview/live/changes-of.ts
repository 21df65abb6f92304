import { type ChangeSet, isList, isObject, type Json, type JsonObject, type Run, rowsOf } from "./change-set.shared";

/** The change from `before` to `after`; null when they are equal. */
export function changesOf(before: Json, after: Json): ChangeSet | null {
  if (before === after) return null;
  const [rowsBefore, rowsAfter] = [rowsOf(before), rowsOf(after)];
  if (rowsBefore !== null && rowsAfter !== null) return changedRows(rowsBefore, rowsAfter);
  if (isObject(before) && isObject(after)) return changedMembers(before, after);
  if (isList(before) && isList(after) && before.length === after.length) return changedItems(before, after);
  return JSON.stringify(before) === JSON.stringify(after) ? null : { set: after };
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

import type { DraftLimit } from "../observed-draft.shared";

/** The cells of a limit in the editor, and the fields that each one shows. */
const FIELDS_OF = {
  layer: ["layer"],
  dimension: ["dimension"],
  capacity: ["capacity"],
  window: ["windowSeconds", "calendarPeriod", "timeZone"],
  algorithm: ["algorithm"],
  observe: ["observe"],
  failureMode: ["failureMode"],
  refill: ["refill"],
  burstCredit: ["burstCredit"],
  onExceed: ["onExceed"],
  match: ["match"],
} as const satisfies Readonly<Record<string, readonly (keyof DraftLimit)[]>>;

export type LimitCell = keyof typeof FIELDS_OF;
const CELLS = Object.keys(FIELDS_OF).filter((name): name is LimitCell => name in FIELDS_OF);

/** The fields that must agree with each other: an algorithm takes some of them and refuses the others. */
const SHAPE: readonly LimitCell[] = ["algorithm", "window", "refill", "burstCredit"];

/** A row of the editor: a limit of the draft beside the published one. */
export type ComparedLimit<Limit extends DraftLimit = DraftLimit> =
  | { readonly state: "same"; readonly limit: Limit; readonly was: DraftLimit }
  | { readonly state: "changed"; readonly limit: Limit; readonly was: DraftLimit }
  | { readonly state: "added"; readonly limit: Limit; readonly was: null }
  | { readonly state: "removed"; readonly limit: null; readonly was: DraftLimit };

/** The draft's limits in their order; a removed one stands after the limit that it followed. */
export function compareLimits<Limit extends DraftLimit>(
  published: readonly DraftLimit[],
  draft: readonly Limit[],
): ComparedLimit<Limit>[] {
  const rows = draft.map((limit): ComparedLimit<Limit> => {
    const was = published.find((one) => isSameLimit(one, limit));
    if (was === undefined) return { state: "added", limit, was: null };
    return { state: changedCells(was, limit).length === 0 ? "same" : "changed", limit, was };
  });
  for (const [index, was] of published.entries()) {
    if (rows.some((row) => row.was === was)) continue;
    const before = published[index - 1];
    const at = before === undefined ? 0 : rows.findIndex((row) => row.was === before) + 1;
    rows.splice(at, 0, { state: "removed", limit: null, was });
  }
  return rows;
}

/** A restored limit has no id if its name is not in force. */
function isSameLimit(published: DraftLimit, limit: DraftLimit): boolean {
  return limit.id === undefined ? published.name === limit.name : published.id === limit.id;
}

/** The cells that differ, in the order of the table. */
export function changedCells(was: DraftLimit, limit: DraftLimit): LimitCell[] {
  return CELLS.filter((cell) => FIELDS_OF[cell].some((field) => !isSame(was[field], limit[field])));
}

/** Changed cells, added and removed limits, and one for another order. 0 = the draft is what is published. */
export function countChanges(rows: readonly ComparedLimit[], published: readonly DraftLimit[]): number {
  const changes = rows.map((row) =>
    row.state === "changed" ? changedCells(row.was, row.limit).length : ONE[row.state],
  );
  const places = rows.flatMap(({ was }) => (was === null ? [] : [published.indexOf(was)]));
  const isMoved = places.some((place, index) => place < (places[index - 1] ?? 0));
  return changes.reduce((sum, one) => sum + one, 0) + (isMoved ? 1 : 0);
}

const ONE = { same: 0, added: 1, removed: 1 } as const;

/**
 * The limit with one cell as it is published. Where the published value does not fit the rest of the draft, such as a
 * window that the draft's algorithm does not take, the fields that it depends on come with it.
 */
export function undoneCell<Limit extends DraftLimit>(limit: Limit, was: DraftLimit, cell: LimitCell): Limit {
  const undone = withCells(limit, was, [cell]);
  if (isCoherent(undone)) return undone;
  const whole = withCells(undone, was, SHAPE);
  return isCoherent(whole) ? whole : withCells(whole, was, ["dimension"]);
}

/** The draft with a removed limit again, where it was. */
export function withRestored<Limit extends DraftLimit>(
  rows: readonly ComparedLimit<Limit>[],
  restored: Limit,
): readonly Limit[] {
  return rows.flatMap((row) => {
    if (row.state !== "removed") return [row.limit];
    return row.was.id === restored.id ? [restored] : [];
  });
}

function withCells<Limit extends DraftLimit>(limit: Limit, was: DraftLimit, cells: readonly LimitCell[]): Limit {
  const next = { ...limit };
  for (const field of cells.flatMap((cell) => FIELDS_OF[cell])) Reflect.set(next, field, was[field]);
  return next;
}

/** Whether the algorithm takes the dimension and the fields that are set, and has those that it needs. */
function isCoherent(limit: DraftLimit): boolean {
  const { dimension, algorithm, windowSeconds, calendarPeriod, refill, burstCredit } = limit;
  const isCalendar = algorithm === "calendar_window";
  const hasWindow = !isCalendar && algorithm !== "concurrency";
  return (
    (dimension === "concurrency") === (algorithm === "concurrency") &&
    (windowSeconds !== null) === hasWindow &&
    (calendarPeriod !== null) === isCalendar &&
    (algorithm === "token_bucket" || (refill === null && burstCredit === null))
  );
}

/** A value of a field; the members of `match` have no order. */
function isSame(left: unknown, right: unknown): boolean {
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null)
    return Object.is(left, right);
  const [ours, theirs] = [left, right].map((one) => Object.entries(one).filter(([, value]) => value !== undefined));
  return (
    ours?.length === theirs?.length && (ours ?? []).every(([name, value]) => Object.is(value, Reflect.get(right, name)))
  );
}

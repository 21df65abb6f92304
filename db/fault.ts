/**
 * The cause of a failed statement. data: a row in it is invalid, and will fail again; away: the database did not
 * answer, and would answer nothing else now; other: this statement failed and may succeed next time.
 */
export type FaultKind = "data" | "away" | "other";

export type DatabaseFault = {
  readonly kind: FaultKind;
  /** without the statement and its values */
  readonly why: string;
};

/** SQLSTATE classes: cardinality, data, constraint, program limit. */
const DATA_CLASSES: ReadonlySet<string> = new Set(["21", "22", "23", "54"]);
/** Connection, resources, operator intervention (a statement that took too long is not one), system. */
const AWAY_CLASSES: ReadonlySet<string> = new Set(["08", "53", "57", "58"]);
const QUERY_CANCELED = "57014";
const CAUSES_MAX = 5;

/** Reads the driver's error from a query's error. */
export function databaseFault(thrown: unknown): DatabaseFault {
  let error = thrown;
  for (let depth = 0; depth < CAUSES_MAX && error instanceof Error; depth++) {
    const code = "code" in error && typeof error.code === "string" ? error.code : "";
    if (/^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code))
      return { kind: kindOf(code), why: `${code} ${error.message}` };
    if (error.cause === undefined) return { kind: "away", why: `${code} ${error.message}`.trim() };
    error = error.cause;
  }
  return { kind: "away", why: "unknown" };
}

function kindOf(code: string): FaultKind {
  if (code === QUERY_CANCELED) return "other";
  if (DATA_CLASSES.has(code.slice(0, 2))) return "data";
  return AWAY_CLASSES.has(code.slice(0, 2)) ? "away" : "other";
}

import { z } from "zod";
import type { Action } from "../kernel/can";
import type { AdminAnswer, ArrivedRequest } from "../kernel/door";

/** One operation of the admin API: where it is, who may use it, what it takes, and the verb that does it. */
export type Route = {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** behind /api/admin; parameters in braces. `{+name}` takes the rest of the path, slashes included. */
  readonly path: string;
  readonly right: Action;
  /** what it does, for the OpenAPI file */
  readonly summary: string;
  /** The schema of the JSON body; null when it takes none. */
  readonly input: z.ZodType | null;
  /** names of the query parameters */
  readonly query: readonly string[];
  /** of an answer that tells of success */
  readonly status: 200 | 201;
  readonly verb: (request: ArrivedRequest) => Promise<AdminAnswer>;
};

type Row = Pick<Route, "method" | "path" | "right" | "summary" | "verb"> &
  Partial<Pick<Route, "input" | "query" | "status">>;

export function route(row: Row): Route {
  return { input: null, query: [], status: 200, ...row };
}

/** The body of a change that needs no words. */
export const nothing = z.strictObject({});
export const reasonOnly = z.strictObject({ reason: z.string().optional() });

import type { z } from "zod";
import type { Action } from "../kernel/can.shared";
import type { AdminAnswer, ArrivedRequest } from "../kernel/door";
import { parsed } from "../kernel/input";
import { inScope, refuseUnscoped, type Scoped } from "../scope/scoped";

/** One operation of the admin API: its method, path, right, input and output schema, and verb. */
export type Route = {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** below /api/admin; parameters in braces. `{+name}` takes the rest of the path, slashes included. */
  readonly path: string;
  readonly right: Action;
  /** how operators of some tenants may use it; absent = not at all */
  readonly scoped?: Scoped;
  /** summary for the OpenAPI file */
  readonly summary: string;
  /** The schema of the query of a GET, or of the JSON body of anything else. */
  readonly input: z.ZodType;
  /** The schema of its answer. Null: server-sent events. */
  readonly output: z.ZodType | null;
  /** status of a successful response */
  readonly status: 200 | 201;
  /**
   * Checks the operator's tenants, parses the input and runs the verb. Throws PublicError that names the first invalid
   * field.
   */
  readonly answer: (request: ArrivedRequest) => Promise<AdminAnswer>;
};

/** A value before it is sent as JSON: a date becomes its ISO text, and a list may be one that nobody may change. */
type Unsent<Sent> = Sent extends readonly (infer Item)[]
  ? readonly Unsent<Item>[]
  : Sent extends object
    ? { readonly [Name in keyof Sent]: Unsent<Sent[Name]> }
    : string extends Sent
      ? Sent | Date
      : Sent;

type Row<Input extends z.ZodType, Output extends z.ZodType | null> = Omit<
  Route,
  "input" | "output" | "status" | "answer"
> &
  Partial<Pick<Route, "status">> & {
    readonly input: Input;
    readonly output: Output;
    readonly verb: (
      request: ArrivedRequest<Input>,
    ) => Promise<AdminAnswer<Output extends z.ZodType ? Unsent<z.infer<Output>> : never>>;
  };

/** A row of the table. Its verb gets the parsed input and returns a value of the output schema. */
export function route<Input extends z.ZodType, Output extends z.ZodType | null>({
  verb,
  ...row
}: Row<Input, Output>): Route {
  return {
    status: 200,
    ...row,
    answer: async (request) => {
      refuseUnscoped(request.actor.tenants, row.scoped);
      const input = parsed(row.input, request.input);
      const own = await inScope(row.scoped, { ...request, input });
      return verb({ ...request, input: own });
    },
  };
}

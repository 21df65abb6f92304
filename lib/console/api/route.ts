import type { z } from "zod";
import type { Action } from "../kernel/can.shared";
import type { AdminAnswer, ArrivedRequest } from "../kernel/door";
import { parsed } from "../kernel/input";

/** One operation of the admin API: where it is, who may use it, what it takes, and the verb that does it. */
export type Route = {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** behind /api/admin; parameters in braces. `{+name}` takes the rest of the path, slashes included. */
  readonly path: string;
  readonly right: Action;
  /** what it does, for the OpenAPI file */
  readonly summary: string;
  /** The schema of the query of a GET, or of the JSON body of anything else. */
  readonly input: z.ZodType;
  /** The schema of its answer. Null: server-sent events. */
  readonly output: z.ZodType | null;
  /** of an answer that tells of success */
  readonly status: 200 | 201;
  /** Parses the input and does the verb. Throws PublicError that names the first wrong field. */
  readonly answer: (request: ArrivedRequest) => Promise<AdminAnswer>;
};

type Row<Input extends z.ZodType> = Omit<Route, "input" | "status" | "answer"> &
  Partial<Pick<Route, "status">> & {
    readonly input: Input;
    readonly verb: (request: ArrivedRequest<Input>) => Promise<AdminAnswer>;
  };

/** A row of the table. What its verb gets has been parsed by the schema that stands beside it. */
export function route<Input extends z.ZodType>({ verb, ...row }: Row<Input>): Route {
  return {
    status: 200,
    ...row,
    answer: async (request) => verb({ ...request, input: parsed(row.input, request.input) }),
  };
}

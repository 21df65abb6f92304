import { z } from "zod";
import { PublicError } from "@/lib/errors";

/** Parses a body with its schema, or throws a PublicError that names the first invalid field. */
export function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issue.message,
    ...unknownKeys(issue),
  }));
  const first = issues[0];
  const code = result.error.issues[0]?.code === "unrecognized_keys" ? "unknown_field" : "invalid_value";
  throw new PublicError(
    code,
    first === undefined ? "The body is not valid." : `${first.path || "body"}: ${first.message}`,
    { param: first?.path ?? "", details: { issues } },
  );
}

function unknownKeys(issue: { code?: string | undefined; keys?: string[] }): { keys?: string[] } {
  return issue.code === "unrecognized_keys" && issue.keys !== undefined ? { keys: issue.keys } : {};
}

/** The query of a route that takes none. Others may be there, and are ignored. */
export const noQuery = z.object({});
/** The body of a change that needs no words. */
export const nothing = z.strictObject({});
export const reasonOnly = z.strictObject({ reason: z.string().trim().min(1).max(500).optional() });

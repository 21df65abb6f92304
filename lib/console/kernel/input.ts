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

/** Letters, digits, signs: what stands for something on the page. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Marks that turn the direction of the text around a name. Arabic and Hebrew need none. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/;

/** A name that people read on every page, and click. */
export const displayName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((name) => VISIBLE.test(name), "needs a visible character")
  .refine((name) => !TURNING.test(name), "holds a mark that turns the direction of the text around it");

const YEARS = { first: Date.UTC(1900, 0, 1), end: Date.UTC(9999, 0, 1) };
const isHeld = (text: string) => Date.parse(text) >= YEARS.first && Date.parse(text) < YEARS.end;
const HELD = "is between the years 1900 and 9998";

/** A moment, or a day, that dates and the database can hold, and the days beside it too. */
export const moment = z.iso.datetime({ offset: true }).refine(isHeld, HELD);
export const calendarDay = z.iso.date().refine(isHeld, HELD);

/** The query of a route that takes none. Others may be there, and are ignored. */
export const noQuery = z.object({});
/** The body of a change that needs no words. */
export const nothing = z.strictObject({});
export const reasonOnly = z.strictObject({ reason: z.string().trim().min(1).max(500).optional() });

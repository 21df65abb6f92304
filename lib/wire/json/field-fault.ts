import { type ErrorCode, PublicError } from "@/lib/errors";

export const MESSAGES_MAX = 2000;

type Issue = {
  readonly code?: string | undefined;
  readonly path: PropertyKey[];
  readonly message: string;
  readonly keys?: string[];
};

/** null counts as absent: some clients send every field of a type. */
export function withoutNulls(json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!Object.values(json).includes(null)) return json;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

/** What is wrong with a body, in words and with the field's name. `codes`: error code of a wrong value, by field. */
export function fieldFault(
  issues: readonly Issue[],
  body: Readonly<Record<string, unknown>>,
  codes: Readonly<Record<string, ErrorCode>>,
): PublicError {
  const issue = issues[0] ?? { path: [], message: "is not valid" };
  const field = String(issue.path[0] ?? "");
  const param = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const name = [...issue.path.map(String), issue.keys?.[0] ?? ""].join(".").slice(0, 64);
    return new PublicError("unknown_field", `The field ${JSON.stringify(name)} is unknown.`, { param: name });
  }
  if (issue.path.length === 1 && body[field] === undefined) {
    return new PublicError("missing_field", `The field ${JSON.stringify(field)} is required.`, { param: field });
  }
  if (field === "messages" && Array.isArray(body.messages) && body.messages.length > MESSAGES_MAX) {
    return new PublicError("too_many_messages", `The request has more than ${MESSAGES_MAX} messages.`, {
      param: field,
    });
  }
  const general: ErrorCode = issue.code === "invalid_type" ? "invalid_type" : "invalid_value";
  const isTypeOfTokens = issue.code === "invalid_type" && typeof body[field] !== "number";
  const code = isTypeOfTokens && field !== "messages" ? general : (codes[field] ?? general);
  return new PublicError(code, `The field ${JSON.stringify(param.slice(0, 64))} is not valid: ${issue.message}.`, {
    param: param.slice(0, 64),
  });
}

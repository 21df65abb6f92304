/** An operator's pasted text: a request id, an error text, or an error body. Read by content, not by form. */
export type Pasted = {
  readonly requestId: string | null;
  /** The numbers of a refusal, when a whole error body was pasted. */
  readonly refusal: Refusal | null;
};

export type Refusal = {
  readonly code: string;
  readonly message: string;
  readonly limitName: string | null;
  readonly layer: string | null;
  readonly dimension: string | null;
  readonly limit: number | null;
  readonly used: number | null;
  readonly asked: number | null;
  readonly retryAfterSeconds: number | null;
  readonly resetAt: string | null;
};

export function readPasted(pasted: string): Pasted {
  // For clients that take digits for a status, an error's text has word joiners in it.
  const text = pasted.replaceAll("\u2060", "");
  return { requestId: /\breq_[0-9a-f]{32}\b/.exec(text)?.[0] ?? null, refusal: refusalIn(text) };
}

function refusalIn(text: string): Refusal | null {
  const start = text.indexOf("{");
  if (start === -1) return null;
  const body = parsed(text.slice(start, text.lastIndexOf("}") + 1));
  const error = memberOf(body, "error") ?? body;
  // Anthropic's form has our numbers under `details`.
  const details = memberOf(error, "details") ?? error;
  const code = textIn(error, "code") ?? textIn(details, "error_code");
  const message = textIn(error, "message");
  if (code === null || message === null) return null;
  return {
    code,
    message,
    limitName: textIn(details, "limit_name"),
    layer: textIn(details, "layer"),
    dimension: textIn(details, "dimension"),
    resetAt: textIn(details, "reset_at"),
    limit: numberIn(details, "limit"),
    used: numberIn(details, "used"),
    asked: numberIn(details, "asked"),
    retryAfterSeconds: numberIn(details, "retry_after_seconds"),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function textIn(value: unknown, name: string): string | null {
  const member = memberOf(value, name);
  return typeof member === "string" ? member : null;
}

function numberIn(value: unknown, name: string): number | null {
  const member = memberOf(value, name);
  return typeof member === "number" ? member : null;
}

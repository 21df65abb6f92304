import { isObject, listOf, member, textOf } from "../json/object";

/** A provider's report of an error, in its own words; null where it said nothing. */
export type Said = {
  readonly message: string | null;
  readonly type: string | null;
  readonly code: string | null;
  /** an HTTP status named in the text, also inside an answer of 200 */
  readonly status: number | null;
  readonly param: string | null;
};

/**
 * The error in a value, in every form that providers use: OpenAI's and Anthropic's objects, a plain string, vLLM's
 * `object: "error"`, FastAPI's `detail`, problem details, lists of errors, and a bare message with a code. Null when it
 * has none. `isNamed`: the event was called an error, so any content is one.
 */
export function saidIn(value: unknown, isNamed = false): Said | null {
  const [first] = listOf(value);
  if (first !== undefined) return saidIn(first, isNamed);
  if (!isObject(value)) return isNamed ? said({ message: value }) : null;
  const inner = value.error ?? member(value.x_groq, "error");
  if (isObject(inner)) return said({ ...inner, message: messageOf(inner) }, value);
  if (textOf(inner) !== "")
    return said({ ...value, message: messageOf(value) ?? textOf(inner), code: value.code ?? inner });
  if (inner === true || isNamed || isError(value)) return said({ ...value, message: messageOf(value) });
  return null;
}

/** Finish reasons of an answer that a provider's fault cut off. */
const BROKEN_FINISHES: ReadonlySet<string> = new Set([
  ...["error", "abort", "network_error", "server_error", "internal_error", "failed"],
  "insufficient_system_resource",
]);

export function isBrokenFinish(reason: unknown): boolean {
  return BROKEN_FINISHES.has(textOf(reason));
}

/** Members that no answer has at its top. A `message` alone may be anything; with a code or a title it is an error. */
function isError(value: Readonly<Record<string, unknown>>): boolean {
  if (value.object === "error" || value.type === "error" || value.status === "error" || value.success === false)
    return true;
  if ("choices" in value || "content" in value || "output" in value || "response" in value) return false;
  if (present(value.detail) || present(value.errors) || present(value.fault)) return true;
  const isCoded = ["code", "status", "error_code", "status_code"].some((name) => present(value[name]));
  return (textOf(value.message) !== "" || textOf(value.msg) !== "" || textOf(value.title) !== "") && isCoded;
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

const MESSAGES = ["message", "msg", "error_description", "detail", "errors", "fault", "title", "reason"] as const;

function messageOf(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  const [first] = listOf(value);
  if (first !== undefined) return messageOf(first);
  if (!isObject(value)) return null;
  // A router's own words say nothing; the provider behind it sent these.
  const raw = textOf(member(value.metadata, "raw"));
  const own = MESSAGES.map((name) => messageOf(value[name])).find((text) => text !== null) ?? null;
  return raw === "" ? own : `${own ?? ""} ${raw}`.trim();
}

function said(value: Readonly<Record<string, unknown>>, outer: Readonly<Record<string, unknown>> = {}): Said {
  const word = (one: unknown) => (typeof one === "number" ? String(one) : textOf(one)) || null;
  const numbers = [value.status, value.status_code, value.code, value.error_code, outer.status, outer.code].map(Number);
  return {
    message: messageOf(value.message),
    type: word(value.type),
    // Anthropic's code is in details: its SDK decides by it whether to send the whole conversation.
    code: word(value.code ?? value.error_code ?? member(value.details, "error_code")),
    status: numbers.find((one) => Number.isInteger(one) && one >= 400 && one <= 599) ?? null,
    param: textOf(value.param) || null,
  };
}

import { isObject, listOf, member, textOf } from "../json/object";
import { eventText } from "../stream-meter";
import { objectsIn } from "./events-in";
import { ToolPieces } from "./tool-pieces";

/** Turns a whole chat completion into the stream that it would have been. */
export function chatAsEvents(body: Readonly<Record<string, unknown>>): string {
  const { choices, usage, object: _object, ...head } = body;
  const chunk = (some: unknown[], more: object = {}) =>
    eventText(JSON.stringify({ ...head, object: "chat.completion.chunk", choices: some, ...more }));
  const pieces = listOf(choices).map((choice) => {
    const { message, finish_reason: reason, index = 0, ...rest } = isObject(choice) ? choice : {};
    const said = isObject(message) ? message : {};
    const calls = listOf(said.tool_calls).map((call, at) => ({ index: at, ...(isObject(call) ? call : {}) }));
    const delta = { ...said, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
    // A whole answer has ended, with or without a reason.
    const end = typeof reason === "string" ? reason : calls.length > 0 ? "tool_calls" : "stop";
    return chunk([{ ...rest, index, delta, finish_reason: null }]) + chunk([{ index, delta: {}, finish_reason: end }]);
  });
  const totals = isObject(usage) ? chunk([], { usage }) : "";
  return `${pieces.join("")}${totals}${eventText("[DONE]")}`;
}

/** Turns a complete chat stream into the completion that it would have been; null when it is not one. */
export function chatFromEvents(text: string): Record<string, unknown> | null {
  const choices = new Map<unknown, Gathered>();
  let head: Record<string, unknown> = {};
  let usage: unknown = null;
  for (const chunk of objectsIn(text)) {
    const { choices: some, usage: counted, object: _object, type: _type, ...rest } = chunk;
    const told = Object.entries(rest).filter(([name, value]) => value !== "" && value !== null && !(name in head));
    head = { ...head, ...Object.fromEntries(told) };
    if (isObject(counted)) usage = counted;
    for (const choice of listOf(some)) {
      const index = member(choice, "index") ?? 0;
      const gathered = choices.get(index) ?? new Gathered();
      choices.set(index, gathered);
      gathered.take(choice);
    }
  }
  if (choices.size === 0) return null;
  const whole = [...choices].map(([index, gathered]) => ({ index, ...gathered.choice() }));
  return { ...head, object: "chat.completion", choices: whole, ...(usage === null ? {} : { usage }) };
}

/** Builds one choice from its pieces: joins texts, continues lists, and assembles tool calls. */
class Gathered {
  #message: Record<string, unknown> = { role: "assistant", content: null };
  #logprobs: unknown = null;
  #finish: unknown = null;
  readonly #tools = new ToolPieces();

  take(choice: unknown): void {
    const delta = member(choice, "delta") ?? member(choice, "message");
    for (const [name, value] of Object.entries(isObject(delta) ? delta : {})) {
      if (name === "tool_calls") for (const piece of listOf(value)) this.#tools.take(piece);
      else if (name !== "role") this.#message = { ...this.#message, [name]: continued(this.#message[name], value) };
    }
    const logprobs = member(choice, "logprobs");
    if (isObject(logprobs)) this.#logprobs = continued(this.#logprobs, logprobs);
    this.#finish = member(choice, "finish_reason") ?? this.#finish;
  }

  choice(): Record<string, unknown> {
    const calls = this.#tools.calls.map(({ id, name, args }) => ({
      id,
      type: "function",
      function: { name, arguments: args },
    }));
    const message = { ...this.#message, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
    return { message, logprobs: this.#logprobs, finish_reason: this.#finish };
  }
}

function continued(known: unknown, next: unknown): unknown {
  if (known === undefined || known === null) return next;
  if (typeof next === "string" && typeof known === "string") return known + next;
  if (Array.isArray(next) && Array.isArray(known)) return [...known, ...next];
  if (isObject(next) && isObject(known)) {
    const more = Object.entries(next).map(([name, value]) => [name, continued(known[name], value)]);
    return { ...known, ...Object.fromEntries(more) };
  }
  return typeof next === "string" && Array.isArray(known) && next !== ""
    ? [...known, { type: "text", text: textOf(next) }]
    : (next ?? known);
}

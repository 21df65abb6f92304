import { isObject, listOf, member, textOf } from "../json/object";
import { eventText } from "../stream-meter";
import { objectsIn } from "./events-in";

/** Turns a whole response into the stream that it would have been. */
export function responseAsEvents(body: Readonly<Record<string, unknown>>): string {
  let sequence = 0;
  const event = (type: string, more: object) => {
    const text = eventText(JSON.stringify({ type, sequence_number: sequence, ...more }), type);
    sequence += 1;
    return text;
  };
  const started = { ...body, status: "in_progress", output: [], usage: null };
  const parts = [
    event("response.created", { response: started }),
    event("response.in_progress", { response: started }),
  ];
  for (const [index, item] of listOf(body.output).entries()) {
    if (isObject(item)) parts.push(...itemEvents(item, index, event));
  }
  const last =
    body.status === "incomplete" || body.status === "failed" ? `response.${body.status}` : "response.completed";
  return [...parts, event(last, { response: body })].join("");
}

function itemEvents(
  item: Record<string, unknown>,
  index: number,
  event: (type: string, more: object) => string,
): string[] {
  const at = { output_index: index };
  const of = { item_id: textOf(item.id), ...at };
  const isMessage = item.type === "message";
  const opened = { ...item, status: "in_progress", ...(isMessage ? { content: [] } : {}) };
  // In the order of their numbers.
  const events = [event("response.output_item.added", { ...at, item: opened })];
  for (const [place, part] of (isMessage ? listOf(item.content) : []).entries()) {
    if (!isObject(part)) continue;
    const here = { ...of, content_index: place };
    const isRefusal = part.type === "refusal";
    const [kind, name] = isRefusal ? ["response.refusal", "refusal"] : ["response.output_text", "text"];
    const text = textOf(part[isRefusal ? "refusal" : "text"]);
    events.push(
      event("response.content_part.added", { ...here, part: { ...part, [isRefusal ? "refusal" : "text"]: "" } }),
      event(`${kind}.delta`, { ...here, delta: text, ...(isRefusal ? {} : { logprobs: [] }) }),
      event(`${kind}.done`, { ...here, [name]: text, ...(isRefusal ? {} : { logprobs: [] }) }),
      event("response.content_part.done", { ...here, part }),
    );
  }
  if (typeof item.arguments === "string") {
    events.push(
      event("response.function_call_arguments.delta", { ...of, delta: item.arguments }),
      event("response.function_call_arguments.done", { ...of, arguments: item.arguments, name: item.name }),
    );
  }
  events.push(event("response.output_item.done", { ...at, item }));
  return events;
}

/** The response at the end of a stream; null when there is none. */
export function responseFromEvents(text: string): Record<string, unknown> | null {
  const last = objectsIn(text).findLast((event) => isObject(event.response) && ENDS.has(textOf(event.type)));
  const response = member(last, "response");
  return isObject(response) ? response : null;
}

const ENDS: ReadonlySet<string> = new Set(["response.completed", "response.incomplete", "response.failed"]);

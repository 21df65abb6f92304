import { createParser } from "eventsource-parser";
import { parseObject } from "../json/object";

/** The JSON objects of a whole event stream, in order; an event's name stands in for a `type` that it lacks. */
export function objectsIn(text: string): readonly Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  const parser = createParser({
    onEvent({ event, data }) {
      const value = parseObject(data);
      if (value !== null) found.push(event === undefined ? value : { type: event, ...value });
    },
  });
  parser.feed(`${text}\n\n`);
  return found;
}

/** Whether a body is an event stream, whatever it was called: a field or a comment stands at its beginning. */
export function looksLikeEvents(text: string): boolean {
  return /^\uFEFF?\s*(?:(?:data|event|id|retry):|:)/.test(text);
}

/** Whether a body is one JSON value, judged by its beginning; null = nothing but space has come yet. */
export function looksLikeJson(text: string): boolean | null {
  const begun = text.replace(/^(?:\uFEFF|\u00ef\u00bb\u00bf)/, "").trimStart();
  return begun === "" ? null : begun.startsWith("{") || begun.startsWith("[");
}

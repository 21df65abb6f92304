import { createParser } from "eventsource-parser";
import { parseObject } from "../json/object";

/** The JSON objects of a whole event stream, in order; an event's name replaces a missing `type`. */
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

/** Whether a body is an event stream, whatever its content type: it begins with a field or a comment. */
export function looksLikeEvents(text: string): boolean {
  return /^\uFEFF?\s*(?:(?:data|event|id|retry):|:)/.test(text);
}

/** Whether a body is one JSON value, judged by its beginning; null = only white space so far. */
export function looksLikeJson(text: string): boolean | null {
  const begun = text.replace(/^(?:\uFEFF|\u00ef\u00bb\u00bf)/, "").trimStart();
  return begun === "" ? null : begun.startsWith("{") || begun.startsWith("[");
}

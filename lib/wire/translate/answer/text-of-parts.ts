import { isObject, listOf, member, textOf } from "../../json/object";

/** The content of an OpenAI-compatible server: as text, or in parts, of which some are thoughts (Mistral, vLLM). */
export function saidIn(content: unknown): { readonly text: string; readonly thinking: string } {
  if (typeof content === "string") return { text: content, thinking: "" };
  const parts = listOf(content).filter(isObject);
  const joined = (type: string, read: (part: Record<string, unknown>) => string) =>
    parts
      .filter((part) => part.type === type)
      .map(read)
      .join("");
  return {
    text:
      joined("text", (part) => textOf(part.text)) +
      joined("output_text", (part) => textOf(part.text)) +
      joined("refusal", (part) => textOf(part.refusal)),
    thinking: joined("thinking", (part) => thoughtIn(part.thinking)) + joined("reasoning", (part) => textOf(part.text)),
  };
}

function thoughtIn(thinking: unknown): string {
  return typeof thinking === "string"
    ? thinking
    : listOf(thinking)
        .map((part) => textOf(member(part, "text")))
        .join("");
}

/** A message or a piece of one: its words, its thoughts at any place, and its refusal. */
export function wordsOf(message: unknown): {
  readonly text: string;
  readonly thinking: string;
  readonly refusal: string;
} {
  const said = saidIn(member(message, "content"));
  const apart = textOf(member(message, "reasoning_content")) || textOf(member(message, "reasoning"));
  return { ...said, thinking: apart + said.thinking, refusal: textOf(member(message, "refusal")) };
}

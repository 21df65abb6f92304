import { createHash } from "node:crypto";

/** The JSON of an answer. */
export type SentAnswer = {
  readonly text: string;
  /** the same while nothing but the clock is another */
  readonly tag: string;
  /** the moment of its figures, as the text has it; null = it has none */
  readonly clock: string | null;
};

/** An answer's body as it is sent, with its tag. */
export function sentAnswer({
  body,
  clock = null,
}: {
  readonly body: unknown;
  readonly clock?: string | null;
}): SentAnswer {
  const text = JSON.stringify(body);
  const tagged = clock === null ? text : text.replaceAll(clock, "");
  return { text, clock, tag: `"${createHash("sha1").update(tagged).digest("base64url")}"` };
}

/** The text of an answer whose figures are still the same at a later moment. */
export function atClock({ text, clock }: Pick<SentAnswer, "text" | "clock">, now: string | null): string {
  return clock === null || now === null ? text : text.replaceAll(clock, now);
}

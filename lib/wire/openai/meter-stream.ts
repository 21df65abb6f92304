import type { Usage } from "@/lib/money/usage";
import { countPiece, countWritten } from "../counting/output-tokens";
import { isObject, listOf, member, parseObject } from "../json/object";
import { eventText, meterEvents, type Passed, type StreamMeter } from "../stream-meter";
import { usesOf, withSeen } from "../usage";
import { type Seen, seenInChat } from "./seen";
import { openaiUsage, usageIn } from "./usage";

/**
 * Meters an OpenAI chat stream: events pass through as they came, with the asked model's name, minus usage that the caller
 * did not ask for (an extra chunk with empty choices crashes the common client loop) and running usage. A caller that asked
 * gets the final usage once the answer is finished, on whichever chunk it came.
 */
export function meterChatStream(options: { wantsUsage: boolean; model: string; outputBytesMax: number }): StreamMeter {
  let reported: Usage | null = null;
  let counted = 0;
  /** counted since the last report: of a stream that reports as it runs, what came after it */
  let countedSince = 0;
  let seen: Seen = { uses: {} };
  let isFinished = false;
  /** usage has come before the end: what comes with it is not the last word */
  let isRunning = false;
  /** the last usage that the caller has not got, with its chunk's head */
  let unsent: Record<string, unknown> | null = null;

  function read(data: string): Passed {
    if (data === "[DONE]") return { out: `${lastUsage()}${eventText(data)}`, end: "done" };
    const chunk = parseObject(data);
    if (chunk === null) return { out: "", end: "protocol_error" };
    note(chunk);
    if (isObject(chunk.error)) return { out: "", end: "upstream_error" };
    return { out: pass(chunk, data) };
  }

  function note(chunk: Record<string, unknown>): void {
    const written = listOf(chunk.choices).reduce<number>(
      (sum, choice) => sum + countWritten(member(choice, "delta") ?? member(choice, "text"), countPiece),
      0,
    );
    counted += written;
    countedSince += written;
    isFinished ||= listOf(chunk.choices).some((choice) => typeof member(choice, "finish_reason") === "string");
    const { uses, ...tier } = seenInChat(chunk);
    seen = { ...seen, ...tier, uses: usesOf(seen.uses, uses) };
    const next = openaiUsage(usageIn(chunk));
    if (next === null) return;
    isRunning ||= !isFinished;
    // Running usage only grows; the final one wins because it comes last. A report that shrinks is not believed.
    if (reported !== null && next.outputTokens < reported.outputTokens) return;
    reported = withInputOf(next, reported);
    countedSince = 0;
  }

  function pass(chunk: Record<string, unknown>, original: string): string {
    const { usage, ...rest } = chunk;
    const isUsageOnly = Array.isArray(chunk.choices) && chunk.choices.length === 0 && isObject(usage);
    const isShown = options.wantsUsage && isObject(usage) && (isUsageOnly || (isFinished && !isRunning));
    if (isUsageOnly && !isShown) return "";
    const told = usageIn(chunk);
    if (isShown) unsent = null;
    else if (isObject(told)) unsent = { ...rest, usage: told };
    const isAsItCame = (isShown || !("usage" in chunk)) && chunk.model === options.model;
    if (isAsItCame) return eventText(original);
    const kept = isShown ? chunk : rest;
    return eventText(JSON.stringify("model" in chunk ? { ...kept, model: options.model } : kept));
  }

  /** Usage that came before the end, or where the caller does not look, as the chunk that it waits for. */
  function lastUsage(): string {
    if (!options.wantsUsage || unsent === null) return "";
    const { x_groq: _groq, ...head } = unsent;
    return eventText(JSON.stringify({ ...head, choices: [], ...("model" in head ? { model: options.model } : {}) }));
  }

  return meterEvents({
    outputBytesMax: options.outputBytesMax,
    read: ({ data }) => read(data),
    reading: () => ({
      reported: reported && withSeen(soFar(reported, countedSince), seen),
      ...{ countedOutputTokens: counted, hasContent: counted > 0, seen },
    }),
  });
}

function soFar(reported: Usage, since: number): Usage {
  return since === 0 ? reported : { ...reported, outputTokens: reported.outputTokens + since };
}

/** Some servers tell the input with the first report and zero with the last. */
function withInputOf(next: Usage, known: Usage | null): Usage {
  if (known === null || next.inputTokens > 0) return next;
  const { inputTokens, cachedInputTokens } = known;
  return { ...next, inputTokens, cachedInputTokens };
}

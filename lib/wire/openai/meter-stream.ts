import type { Usage } from "@/lib/money/usage";
import { countPiece, countWritten } from "../counting/output-tokens";
import { isBrokenFinish, saidIn } from "../faults/said";
import { isObject, listOf, member, parseObject } from "../json/object";
import { commentText, eventText, meterEvents, type Passed, type StreamEvent, type StreamMeter } from "../stream-meter";
import { usesOf, withSeen } from "../usage";
import { openaiErrorFrame } from "./error";
import { type Seen, seenInChat } from "./seen";
import { openaiUsage, usageIn } from "./usage";

/**
 * Meters an OpenAI chat stream: events pass through as they came, with the asked model's name, minus usage that the caller
 * did not ask for (an extra chunk with empty choices crashes the common client loop) and running usage. A caller that asked
 * gets the final usage once the answer is finished, on whichever chunk it came.
 */
export function meterChatStream(options: {
  wantsUsage: boolean;
  model: string;
  outputBytesMax: number;
  /** answers asked for; absent = one */
  choices?: number;
}): StreamMeter {
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

  const begun = new Set<unknown>();
  const ended = new Set<unknown>();
  const isWhole = () => ended.size >= Math.max(begun.size, options.choices ?? 1);
  const done = (): Passed => ({ out: `${lastUsage()}${eventText("[DONE]")}`, end: "done" });

  function read({ event, data }: StreamEvent): Passed {
    if (data.trim() === "[DONE]") return done();
    const chunk = parseObject(data);
    // What comes behind a whole answer takes nothing away from it.
    if (chunk === null) return isWhole() ? { out: "" } : { out: "", end: "protocol_error" };
    note(chunk);
    const fault = saidIn(chunk, event === "error") ?? brokenIn(chunk);
    if (fault !== null) return { out: "", end: "upstream_error", fault };
    if (chunk.type === "ping" && chunk.choices === undefined) return { out: commentText("ping") };
    for (const choice of listOf(chunk.choices)) {
      const index = member(choice, "index") ?? 0;
      begun.add(index);
      if (typeof member(choice, "finish_reason") === "string") ended.add(index);
    }
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
    read,
    // Several servers close behind the last choice's end and never write `[DONE]`.
    atEnd: () => (isWhole() ? done() : { out: "" }),
    broken: openaiErrorFrame,
    reading: () => ({
      reported: reported && withSeen(soFar(reported, countedSince), seen),
      ...{ countedOutputTokens: counted, hasContent: counted > 0, seen },
    }),
  });
}

/** A choice whose end says that the provider failed; what it said beside it may be inside of the choice. */
function brokenIn(chunk: Record<string, unknown>) {
  const broken = listOf(chunk.choices).find((choice) => isBrokenFinish(member(choice, "finish_reason")));
  return broken === undefined ? null : saidIn(broken, true);
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

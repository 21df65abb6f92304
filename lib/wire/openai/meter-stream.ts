import type { Usage } from "@/lib/money/usage";
import { countPiece, countWritten } from "../counting/output-tokens";
import { isBrokenFinish, saidIn } from "../faults/said";
import { isObject, listOf, member, parseObject } from "../json/object";
import { type MadeThing, madeByChoices } from "../open/made-things";
import { commentText, eventText, meterEvents, type Passed, type StreamEvent, type StreamMeter } from "../stream-meter";
import { usesOf, withSeen } from "../usage";
import { openaiErrorFrame } from "./error";
import { NOTHING_SEEN, type Seen, seenInChat } from "./seen";
import { openaiUsage, usageIn } from "./usage";

type MeterOptions = {
  readonly wantsUsage: boolean;
  readonly model: string;
  readonly outputBytesMax: number;
  /** answers asked for; absent = one */
  readonly choices?: number;
};

/**
 * Meters an OpenAI chat stream: events pass unchanged, with the asked model's name. It removes running usage, and usage
 * that the caller did not ask for (an extra chunk with empty choices crashes the common client loop). A caller that
 * asked gets the final usage once the answer is finished, on the chunk that brought it.
 */
export function meterChatStream(options: MeterOptions): StreamMeter {
  const usage = new StreamUsage();
  const choices = new Choices(options.choices ?? 1);
  const passing = new UsagePassing(options);
  const done = (): Passed => ({ out: `${passing.lastUsage()}${eventText("[DONE]")}`, end: "done" });

  function read({ event, data }: StreamEvent): Passed {
    if (data.trim() === "[DONE]") return done();
    const chunk = parseObject(data);
    // Data after a whole answer does not invalidate it.
    if (chunk === null) return choices.areWhole ? { out: "" } : { out: "", end: "protocol_error" };
    usage.note(chunk);
    const fault = saidIn(chunk, event === "error") ?? brokenIn(chunk);
    if (fault !== null) return { out: "", end: "upstream_error", fault };
    if (chunk.type === "ping" && chunk.choices === undefined) return { out: commentText("ping") };
    choices.note(chunk);
    return { out: passing.pass(chunk, data, usage.isFinal) };
  }

  return meterEvents({
    outputBytesMax: options.outputBytesMax,
    read,
    // Several servers close after the last choice's end and never write `[DONE]`.
    atEnd: () => (choices.areWhole ? done() : { out: "" }),
    broken: openaiErrorFrame,
    reading: () => usage.reading(),
  });
}

type Chunk = Record<string, unknown>;

/** One for each of several answers; some servers repeat it with every piece. */
const SOUNDS_MAX = 100;

/** Which answers have begun, and which have ended. */
class Choices {
  readonly #begun = new Set<unknown>();
  readonly #ended = new Set<unknown>();

  readonly #asked: number;

  constructor(asked: number) {
    this.#asked = asked;
  }

  note(chunk: Chunk): void {
    for (const choice of listOf(chunk.choices)) {
      const index = member(choice, "index") ?? 0;
      this.#begun.add(index);
      if (isEnded(choice)) this.#ended.add(index);
    }
  }

  get areWhole(): boolean {
    return this.#ended.size >= Math.max(this.#begun.size, this.#asked);
  }
}

/** What the stream reported, and what was counted in it. */
class StreamUsage {
  #reported: Usage | null = null;
  #counted = 0;
  /** counted since the last report, for a stream that reports while it runs */
  #countedSince = 0;
  #seen: Seen = { uses: {} };
  #made: readonly MadeThing[] = [];
  #isFinished = false;
  /** usage came before the end: more may follow */
  #isRunning = false;

  /** The answer is finished, and its usage came only then. */
  get isFinal(): boolean {
    return this.#isFinished && !this.#isRunning;
  }

  note(chunk: Chunk): void {
    let written = 0;
    for (const choice of listOf(chunk.choices)) {
      written += countWritten(member(choice, "delta") ?? member(choice, "text"), countPiece);
      this.#isFinished ||= isEnded(choice);
    }
    const made = madeByChoices(chunk.choices);
    if (made.length > 0) this.#made = [...this.#made, ...made].slice(0, SOUNDS_MAX);
    this.#counted += written;
    this.#countedSince += written;
    const seen = seenInChat(chunk);
    if (seen !== NOTHING_SEEN) this.#seen = { ...this.#seen, ...seen, uses: usesOf(this.#seen.uses, seen.uses) };
    const next = openaiUsage(usageIn(chunk));
    if (next === null) return;
    this.#isRunning ||= !this.#isFinished;
    // Running usage only grows; the final one wins because it comes last. A report that shrinks is ignored.
    if (this.#reported !== null && next.outputTokens < this.#reported.outputTokens) return;
    this.#reported = withInputOf(next, this.#reported);
    this.#countedSince = 0;
  }

  reading() {
    const reported = this.#reported && withSeen(soFar(this.#reported, this.#countedSince), this.#seen);
    const hasContent = this.#counted > 0;
    return { reported, countedOutputTokens: this.#counted, hasContent, seen: this.#seen, made: this.#made };
  }
}

/** Decides which usage the caller gets, and on which chunk. */
class UsagePassing {
  /** the last usage that the caller has not received, with its chunk's head */
  #unsent: Chunk | null = null;

  readonly #options: Pick<MeterOptions, "wantsUsage" | "model">;

  constructor(options: Pick<MeterOptions, "wantsUsage" | "model">) {
    this.#options = options;
  }

  pass(chunk: Chunk, original: string, isFinal: boolean): string {
    const { wantsUsage, model } = this.#options;
    const { usage } = chunk;
    const isUsageOnly = Array.isArray(chunk.choices) && chunk.choices.length === 0 && isObject(usage);
    const isShown = wantsUsage && isObject(usage) && (isUsageOnly || isFinal);
    if (isUsageOnly && !isShown) return "";
    const found = usageIn(chunk);
    if (isShown) this.#unsent = null;
    else if (isObject(found)) this.#unsent = { ...withoutUsage(chunk), usage: found };
    const isAsItCame = (isShown || !("usage" in chunk)) && chunk.model === model;
    if (isAsItCame) return eventText(original);
    const kept = isShown ? chunk : withoutUsage(chunk);
    return eventText(JSON.stringify("model" in chunk ? { ...kept, model } : kept));
  }

  /** Usage that came before the end, or where the caller does not look, as the chunk that the caller expects. */
  lastUsage(): string {
    const { wantsUsage, model } = this.#options;
    if (!wantsUsage || this.#unsent === null) return "";
    const { x_groq: _groq, ...head } = this.#unsent;
    return eventText(JSON.stringify({ ...head, choices: [], ...("model" in head ? { model } : {}) }));
  }
}

function withoutUsage(chunk: Chunk): Chunk {
  const { usage: _usage, ...rest } = chunk;
  return rest;
}

function isEnded(choice: unknown): boolean {
  return typeof member(choice, "finish_reason") === "string";
}

/** A choice whose end says that the provider failed; its error may be inside the choice. */
function brokenIn(chunk: Record<string, unknown>) {
  const broken = listOf(chunk.choices).find((choice) => isBrokenFinish(member(choice, "finish_reason")));
  return broken === undefined ? null : saidIn(broken, true);
}

function soFar(reported: Usage, since: number): Usage {
  return since === 0 ? reported : { ...reported, outputTokens: reported.outputTokens + since };
}

/** Some servers report the input first, and zero in the last report. */
function withInputOf(next: Usage, known: Usage | null): Usage {
  if (known === null || next.inputTokens > 0) return next;
  const { inputTokens, cachedInputTokens } = known;
  return { ...next, inputTokens, cachedInputTokens };
}

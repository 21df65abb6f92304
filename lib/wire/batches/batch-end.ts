import { NO_USAGE, type TokenPart, type Usage } from "@/lib/money/usage";
import { AnthropicUsage } from "../anthropic/usage";
import { isObject, member, parseBody } from "../json/object";
import { openaiUsage } from "../openai/usage";
import { usageWith } from "../usage";

type Body = Readonly<Record<string, unknown>>;

/** The state of a batch: it runs, or it has ended and used this much, or its usage is in these provider files. */
export type BatchState =
  | { readonly kind: "runs" }
  | { readonly kind: "used"; readonly usage: Usage }
  | { readonly kind: "read"; readonly paths: readonly string[] };

const ENDED: ReadonlySet<unknown> = new Set(["completed", "failed", "expired", "cancelled"]);

/** An OpenAI batch: its own usage if the provider reports one, else that of its output file. */
export function openaiBatch(batch: Body): BatchState {
  if (!ENDED.has(batch.status)) return { kind: "runs" };
  const usage = openaiUsage(batch.usage);
  const output = batch.output_file_id;
  // Zeros together with an output file are a field that is not filled in.
  if (usage !== null && (usage.inputTokens > 0 || typeof output !== "string")) return { kind: "used", usage };
  if (typeof output === "string") return { kind: "read", paths: [`/files/${encodeURIComponent(output)}/content`] };
  return { kind: "used", usage: NO_USAGE };
}

/** An Anthropic batch: its usage is only in its results. A batch without a success has used nothing. */
export function anthropicBatch(batch: Body): BatchState {
  if (batch.processing_status !== "ended" || typeof batch.id !== "string") return { kind: "runs" };
  if (member(batch.request_counts, "succeeded") === 0) return { kind: "used", usage: NO_USAGE };
  return { kind: "read", paths: [`/messages/batches/${encodeURIComponent(batch.id)}/results`] };
}

/** The usage of one call, from its line in an output file; null = none, as it failed. */
export function usageOfLine(line: Uint8Array): Usage | null {
  const value = parseBody(line);
  if (value === null) return null;
  const body = member(value.response, "body");
  if (isObject(body)) return openaiUsage(body.usage);
  const message = member(value.result, "message");
  if (!isObject(message)) return null;
  const usage = new AnthropicUsage();
  usage.take(message.usage);
  return usage.usage();
}

/** The sum of both, billed as one. */
export function added(sum: Usage, more: Usage): Usage {
  const names = [...Object.keys(sum.parts ?? {}), ...Object.keys(more.parts ?? {})];
  const parts: Partial<Record<TokenPart, number>> = {};
  for (const name of PARTS) {
    if (names.includes(name)) parts[name] = (sum.parts?.[name] ?? 0) + (more.parts?.[name] ?? 0);
  }
  const uses: Record<string, number> = { ...sum.uses };
  for (const [name, count] of Object.entries(more.uses ?? {})) uses[name] = (uses[name] ?? 0) + count;
  return usageWith(
    {
      inputTokens: sum.inputTokens + more.inputTokens,
      cachedInputTokens: sum.cachedInputTokens + more.cachedInputTokens,
      outputTokens: sum.outputTokens + more.outputTokens,
    },
    { parts, uses },
  );
}

const PARTS = [
  "cacheWrite",
  "cacheWriteHour",
  "audioInput",
  "imageInput",
  "reasoning",
  "audioOutput",
  "imageOutput",
] as const satisfies readonly TokenPart[];

/** Lines of a body that arrives in pieces; a line longer than `bytesMax` is left out. Holds one line at most. */
export async function* linesOf(body: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  const take = (piece: Uint8Array) => {
    size += piece.byteLength;
    if (size <= bytesMax) held.push(piece);
    else held = [];
  };
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE, from); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, end));
      if (size > 0 && size <= bytesMax) yield Buffer.concat(held);
      [held, size, from] = [[], 0, end + 1];
    }
    take(chunk.subarray(from));
  }
  if (size > 0 && size <= bytesMax) yield Buffer.concat(held);
}

const NEWLINE = 10;

import { NO_USAGE, type Usage } from "@/lib/money/usage";
import { meterCount } from "../anthropic/meter-body";
import type { Call, OtherEndpoint } from "../call";
import { saidIn } from "../faults/said";
import { isObject, member, parseBody } from "../json/object";
import { meterChatBody } from "../openai/meter-body";
import { openaiUsage } from "../openai/usage";
import { meterResponse } from "../responses/meter";
import { firstCount, type MeteredBody, type Reading, usageWith } from "../usage";

type Meter = (bytes: Uint8Array, call: Call) => MeteredBody | null;

/** A whole answer of each endpoint, and its usage; null: these bytes are not such an answer. */
export const OTHER_METERS: Readonly<Record<OtherEndpoint, Meter>> = {
  completions: (bytes, { model }) => meterChatBody(bytes, model),
  responses_compact: (bytes, { model }) => named(meterResponse(bytes, model), bytes),
  responses_input_tokens: (bytes) => meterCount(bytes),
  moderations: (bytes, { model }) => listed(bytes, { of: "results", model, reading: () => unreported({}) }),
  images: (bytes, { model }) => listed(bytes, { of: "data", model, reading: imagesRead }),
  image_edits: (bytes, { model }) => listed(bytes, { of: "data", model, reading: imagesRead }),
  transcriptions: transcribed,
  speech: (bytes, { asks }) => {
    if (bytes.byteLength === 0 || saidIn(parseBody(bytes)) !== null) return null;
    const characters = asks.pieces?.find(({ fee }) => fee === "character")?.most ?? 0;
    const countedOutputTokens = Math.ceil(characters * SOUND_TOKENS_PER_CHARACTER);
    return { body: {}, isBytes: true, reading: { ...unreported({ character: characters }), countedOutputTokens } };
  },
  rerank: (bytes, { model }) => listed(bytes, { of: "results", model, reading: searchesRead }),
};

/** At 15 characters and some 20 tokens of sound a second, by OpenAI's speech prices per minute and per token. */
const SOUND_TOKENS_PER_CHARACTER = 1.5;

type Body = Readonly<Record<string, unknown>>;

/** Without a report, the input is billed as counted here. */
function unreported(uses: Readonly<Record<string, number>>): Reading {
  return { reported: null, countedOutputTokens: 0, hasContent: true, seen: { uses } };
}

function listed(
  bytes: Uint8Array,
  { of, model, reading }: { of: string; model: string; reading: (value: Body) => Reading },
): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value[of]) || saidIn(value) !== null) return null;
  return { body: "model" in value ? { ...value, model } : value, reading: reading(value) };
}

/** An answer that named no model gets no model's name here. */
function named(metered: MeteredBody | null, bytes: Uint8Array): MeteredBody | null {
  if (metered === null || parseBody(bytes)?.model !== undefined) return metered;
  const { model: _model, ...body } = metered.body;
  return { ...metered, body };
}

function imagesRead(value: Body): Reading {
  const image = Array.isArray(value.data) ? value.data.length : 0;
  return reportedAs(openaiUsage(value.usage), { image });
}

/** Cohere reports searches, others tokens. */
function searchesRead(value: Body): Reading {
  const billed = member(value.meta, "billed_units");
  const search = firstCount(member(billed, "search_units")) ?? 1;
  const tokens = openaiUsage(value.usage) ?? openaiUsage(member(value.meta, "tokens"));
  return reportedAs(tokens && { ...tokens, inputTokens: tokens.inputTokens + tokens.outputTokens, outputTokens: 0 }, {
    search,
  });
}

function reportedAs(usage: Usage | null, uses: Readonly<Record<string, number>>): Reading {
  if (usage === null) return unreported(uses);
  const { parts = {} } = usage;
  return { reported: usageWith(usage, { parts, uses }), countedOutputTokens: 0, hasContent: true, seen: { uses } };
}

/**
 * Whether a transcript is asked for as plain text. Providers report no usage with it, and its file may be packed so tightly
 * that its size says nothing of its length. So it is asked for as JSON, and the caller gets its text.
 */
export function isPlainTranscript({ endpoint, stream, body }: Pick<Call, "endpoint" | "stream" | "body">): boolean {
  return endpoint === "transcriptions" && !stream && body.response_format === "text";
}

/** JSON with its usage, in tokens or seconds; or subtitles, without a report. */
function transcribed(bytes: Uint8Array, call: Call): MeteredBody | null {
  const { asks } = call;
  const value = parseBody(bytes);
  const held = asks.pieces?.find(({ fee }) => fee === "second")?.most ?? 0;
  if (value === null) {
    const second = Math.max(held, lastSecondIn(bytes));
    return bytes.byteLength === 0 ? null : { body: {}, isBytes: true, reading: unreported({ second }) };
  }
  if (typeof value.text !== "string" || saidIn(value) !== null) return null;
  const reading = transcriptRead(value, { asks });
  return isPlainTranscript(call) ? { body: {}, plain: `${value.text}\n`, reading } : { body: value, reading };
}

/** The end of the last subtitle (SRT or WebVTT), in seconds; 0 = there are none. */
function lastSecondIn(bytes: Uint8Array): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const end = /^ (?:(\d{1,4}):)?(\d{2}):(\d{2})[.,]\d{3}/.exec(text.slice(text.lastIndexOf("-->") + 3));
  if (end === null) return 0;
  const [, hours = "0", minutes, seconds] = end;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + 1;
}

/** A transcript's own report: tokens or seconds; without one, what was reserved. */
export function transcriptRead(value: Body, { asks }: Pick<Call, "asks">): Reading {
  const held = asks.pieces?.find(({ fee }) => fee === "second")?.most ?? 0;
  const { usage } = value;
  const told = member(usage, "seconds") ?? value.duration;
  const second = typeof told === "number" && told >= 0 ? Math.min(Math.ceil(told), SECONDS_MAX) : held;
  if (!isObject(usage) || usage.type === "duration") {
    const isTold = typeof told === "number";
    return isTold ? reportedAs(NO_USAGE, { second }) : unreported({ second });
  }
  const details = usage.input_tokens_details ?? usage.input_token_details;
  return reportedAs(openaiUsage({ ...usage, input_tokens_details: details }), { second: 0 });
}

const SECONDS_MAX = 1_000_000;

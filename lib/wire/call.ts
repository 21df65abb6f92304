import type { Asks, RateAsks } from "@/lib/money/cost";
import type { FormBody } from "./others/form-body";

/** One parsed request, in terms that fit every dialect. */
export type Call = {
  readonly endpoint: Endpoint;
  /** The model the caller asked for, exactly as written. */
  readonly model: string;
  readonly stream: boolean;
  /** The caller wants to see usage at the end of its stream. */
  readonly wantsUsage: boolean;
  /** Most output tokens per choice that the caller allows; null when it did not say. */
  readonly maxOutputTokens: number | null;
  /** Number of answers asked for; the output is charged that many times. */
  readonly choices: number;
  /** The end user named in the body; null when there is none. */
  readonly user: string | null;
  /** All text that the provider may count as input, piece by piece. */
  readonly inputTexts: readonly string[];
  /** Input that arrived as tokens; absent = none did. */
  readonly inputTokenIds?: number | undefined;
  readonly messageCount: number;
  /** Pictures; other media count as a number of pictures. */
  readonly imageCount: number;
  /** The parts that have their own price. */
  readonly asks: Asks;
  /** The body as received, for forwarding. Members that are null are not in it. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The bytes that it was read from, for a provider of the same dialect. Absent = nobody sent it in these words. */
  readonly source?: Uint8Array;
  /** Set when it is about something that its provider keeps: the method and path there. Without a source it has no body. */
  readonly at?: {
    readonly method: "GET" | "POST" | "DELETE";
    readonly path: string;
    /** the answer is bytes of any kind and length, passed on as they come */
    readonly isRaw?: true;
  };
  /** Set when it submits many calls: `choices` is their number. */
  readonly batch?: BatchAsked | undefined;
  /** Set when the bytes are a form: only its model is ever changed. */
  readonly form?: FormBody;
  /** Members that may be dropped for a provider of another dialect; absent = none. */
  readonly drops?: readonly string[];
  /** The caller's headers and query for a provider of its own dialect. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
};

/** What the calls of a batch may cost in addition to their tokens. */
export type BatchAsked = {
  /** the longest input of any call: it decides the rate where long inputs cost more */
  readonly longestInputTokens: number;
  /** of hosted tools, micro-dollars */
  readonly feesMicroUsd: number;
  /** the most expensive parts that any of them asks for; absent = none */
  readonly rateAsks?: RateAsks | undefined;
};

/** Endpoints other than chat, messages, responses and embeddings. A table has one row for each (`others/endpoints`). */
export const OTHER_ENDPOINTS = [
  "completions",
  "responses_compact",
  "responses_input_tokens",
  "moderations",
  "images",
  "image_edits",
  "transcriptions",
  "speech",
  "rerank",
] as const;
export type OtherEndpoint = (typeof OTHER_ENDPOINTS)[number];

/** Files and batches that a provider keeps: reads and submissions. */
export const KEPT_ENDPOINTS = [
  "files",
  "batches",
  "batches_stored",
  "message_files",
  "message_batches",
  "message_batches_stored",
] as const;

/** The purpose of a call, in the words of limits, keys and brakes. */
export const ENDPOINTS = [
  ...(["chat", "responses", "responses_stored", "embeddings", "messages", "count_tokens"] as const),
  ...OTHER_ENDPOINTS,
  ...KEPT_ENDPOINTS,
] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** Submissions of many calls at once: money is reserved, and the provider's end of the batch settles it. */
export function isBatch(endpoint: Endpoint): boolean {
  return endpoint === "batches" || endpoint === "message_batches";
}

const ANTHROPICS: ReadonlySet<Endpoint> = new Set<Endpoint>([
  "messages",
  "count_tokens",
  "message_files",
  "message_batches",
  "message_batches_stored",
]);

/** Whether an endpoint belongs to Anthropic's API. */
export function isAnthropics(endpoint: Endpoint): boolean {
  return ANTHROPICS.has(endpoint);
}

/** Endpoints whose answers end at a number of tokens that the call sets: only these allow trimming a cap. */
const CAPPED: ReadonlySet<Endpoint> = new Set<Endpoint>(["chat", "responses", "messages", "completions"]);

export function takesCap(endpoint: Endpoint): boolean {
  return CAPPED.has(endpoint);
}

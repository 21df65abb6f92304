import { z } from "zod";
import type { CostPiece } from "@/lib/money/cost";
import { OTHER_ENDPOINTS, type OtherEndpoint } from "../call";
import { storedText } from "../json/stored-text";

/** The request of a call to one of them, from its body. */
export type OtherAsked = Readonly<Record<string, unknown>> & { readonly model: string };

/** The sizes of a form's files, by the names of their fields. */
export type FileSizes = readonly { readonly name: string; readonly bytes: number }[];

export type OtherRow = {
  /** behind `/v1` here, and behind the base URL of a provider with OpenAI's dialect */
  readonly path: string;
  readonly takes: "json" | "form";
  /** `text_or_json`: as the caller asked */
  readonly answers: "json" | "bytes" | "text_or_json";
  /** the members that are read here */
  readonly shape: z.ZodType<OtherAsked>;
  /** all members of its reference, which a strict provider may get */
  readonly fields: ReadonlySet<string>;
  /** output tokens per answer; "default" = the model's default, 0 = none is billed */
  readonly output: "default" | "none";
  /** answers per unit of `n`; absent = one */
  readonly answersEach?: (asked: OtherAsked) => number;
  /** the parts billed by the piece, with the most of each */
  readonly pieces: (asked: OtherAsked, files: FileSizes) => readonly CostPiece[];
  /** input tokens in files */
  readonly fileTokens?: (files: FileSizes) => number;
  /** the number of pictures among the files, which count as input */
  readonly pictures?: (files: FileSizes) => number;
};

const text = (charsMax: number) => z.string().min(1).max(charsMax);
const model = storedText(256).min(1);
const user = storedText(512).optional();
const count = (most: number) =>
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,3}$/)
        .transform(Number),
    ])
    .pipe(z.number().int().min(1).max(most));
/** A form sends it as text. */
const stream = z.union([z.boolean(), z.enum(["true", "false"])]).optional();
const PROMPT_CHARS_MAX = 32_000;
const SPEECH_CHARS_MAX = 4096;
const IMAGES_MAX = 10;
const DOCUMENTS_MAX = 10_000;

/** Each prompt gets its own answer. */
const PROMPTS_MAX = 1024;
const token = z.number().int().min(0);

const completions = z.looseObject({
  model,
  prompt: z.union([
    z.string(),
    z.array(token).min(1),
    z
      .array(z.union([z.string(), z.array(token).min(1)]))
      .min(1)
      .max(PROMPTS_MAX),
  ]),
  max_tokens: z.number().int().min(1).max(10_000_000).optional(),
  n: z.number().int().min(1).max(8).optional(),
  stream: z.boolean().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).optional(),
  suffix: z.string().optional(),
  temperature: z.number().min(0).max(2).optional(),
  user,
});
const responses = z.looseObject({
  model,
  input: z.union([z.string(), z.array(z.looseObject({}))]).optional(),
  instructions: z.string().optional(),
  previous_response_id: text(256).optional(),
});
const moderations = z.looseObject({
  model: model.default("omni-moderation-latest"),
  input: z.union([z.string(), z.array(z.union([z.string(), z.looseObject({})])).min(1)]),
});
const image = { model, prompt: text(PROMPT_CHARS_MAX), n: count(IMAGES_MAX).optional(), stream, user };
const images = z.looseObject(image);
const transcriptions = z.looseObject({
  model,
  stream,
  prompt: z.string().max(PROMPT_CHARS_MAX).optional(),
  response_format: text(32).optional(),
});
const speech = z.looseObject({
  model,
  input: text(SPEECH_CHARS_MAX),
  voice: z.union([text(128), z.looseObject({})]),
  stream_format: z.literal("audio", "this endpoint does not stream events").optional(),
});
const rerank = z.looseObject({
  model,
  query: z.union([text(PROMPT_CHARS_MAX), z.looseObject({})]),
  documents: z
    .array(z.union([z.string(), z.looseObject({})]))
    .min(1)
    .max(DOCUMENTS_MAX),
});

const none = () => [];
const oneImageEach = ({ n }: OtherAsked): CostPiece[] => [{ fee: "image", most: typeof n === "number" ? n : 1 }];
const bytesOf = (files: FileSizes) => files.reduce((sum, { bytes }) => sum + bytes, 0);
/** Speech of 32 kbit/s. Files of a higher rate are reserved at too many seconds, and settled at the provider's count. */
const BYTES_PER_SECOND = 4096;
const secondsOf = (files: FileSizes) => Math.ceil(bytesOf(files) / BYTES_PER_SECOND);
const words = (text: string) => new Set(text.split(" "));
/** Ten tokens for a second of sound, as gpt-4o-transcribe counts it. */
const TOKENS_PER_SECOND = 10;
/** Cohere bills one search for each hundred documents, and a long document as several. */
const DOCUMENTS_PER_SEARCH = 100;
/** 500 tokens with the query, of which each has some four characters. */
const DOCUMENT_CHARS = 2000;

function searchesOf({ query, documents }: OtherAsked): number {
  if (!Array.isArray(documents)) return 1;
  const charsOf = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).length;
  const each = Math.max(DOCUMENT_CHARS / 4, DOCUMENT_CHARS - charsOf(query));
  const most = documents.reduce<number>((sum, one) => sum + Math.max(1, Math.ceil(charsOf(one) / each)), 0);
  return Math.ceil(most / DOCUMENTS_PER_SEARCH);
}

/** The table behind the routes, rights, limits, prices and meters of these endpoints. */
export const OTHERS: Readonly<Record<OtherEndpoint, OtherRow>> = {
  completions: {
    path: "/completions",
    takes: "json",
    answers: "json",
    shape: completions,
    fields: words(
      "model prompt max_tokens n stream stream_options suffix temperature top_p stop logprobs echo seed presence_penalty frequency_penalty logit_bias user",
    ),
    output: "default",
    answersEach: ({ prompt }) => (Array.isArray(prompt) && typeof prompt[0] !== "number" ? prompt.length : 1),
    pieces: none,
  },
  responses_compact: {
    path: "/responses/compact",
    takes: "json",
    answers: "json",
    shape: responses,
    fields: words(
      "model input instructions previous_response_id prompt_cache_key prompt_cache_retention prompt_cache_options service_tier",
    ),
    output: "default",
    pieces: none,
  },
  responses_input_tokens: {
    path: "/responses/input_tokens",
    takes: "json",
    answers: "json",
    shape: responses,
    fields: words("model"),
    output: "none",
    pieces: none,
  },
  moderations: {
    path: "/moderations",
    takes: "json",
    answers: "json",
    shape: moderations,
    fields: words("model input"),
    output: "none",
    pieces: none,
  },
  images: {
    path: "/images/generations",
    takes: "json",
    answers: "json",
    shape: images,
    fields: words(
      "model prompt n size quality style background moderation output_format output_compression response_format stream partial_images user",
    ),
    output: "default",
    pieces: oneImageEach,
  },
  image_edits: {
    path: "/images/edits",
    takes: "form",
    answers: "json",
    shape: images,
    fields: words(
      "model prompt n size quality background input_fidelity output_format output_compression response_format stream partial_images user",
    ),
    output: "default",
    pieces: oneImageEach,
    pictures: (files) => files.length,
  },
  transcriptions: {
    path: "/audio/transcriptions",
    takes: "form",
    answers: "text_or_json",
    shape: transcriptions,
    fields: words("model prompt language response_format temperature stream chunking_strategy"),
    output: "default",
    pieces: (_asked, files) => [{ fee: "second", most: secondsOf(files) }],
    fileTokens: (files) => secondsOf(files) * TOKENS_PER_SECOND,
  },
  speech: {
    path: "/audio/speech",
    takes: "json",
    answers: "bytes",
    shape: speech,
    output: "default",
    fields: words("model input voice instructions response_format speed stream_format"),
    pieces: ({ input }) => [{ fee: "character", most: String(input).length }],
  },
  rerank: {
    path: "/rerank",
    takes: "json",
    answers: "json",
    shape: rerank,
    output: "none",
    fields: words("model query documents top_n return_documents max_tokens_per_doc max_chunks_per_doc priority"),
    pieces: (asked) => [{ fee: "search", most: searchesOf(asked) }],
  },
};

/** Whether an endpoint is one of these. */
export function asOther(endpoint: string): OtherEndpoint | null {
  return OTHER_ENDPOINTS.find((one) => one === endpoint) ?? null;
}

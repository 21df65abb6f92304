import { z } from "zod";
import { type ErrorCode, PublicError } from "@/lib/errors";
import { asksOf } from "../asks";
import type { Call } from "../call";
import { ADDRESSES_MAX, inputOf, tooManyAddresses } from "../input-of";
import { isMarked } from "../json/exact-numbers";
import { fieldFault, MESSAGES_MAX, withoutNulls } from "../json/field-fault";
import { listOf, member } from "../json/object";
import { arePartsPure, PARTS } from "../json/parts";
import { refuseRecursionIn } from "../json/schema-guard";
import { storedText } from "../json/stored-text";
import { refuseClosed } from "../open/open-list";
import { isPictureAddress } from "../open/picture-address";

/**
 * A guarded JSON object to a Call, by OpenAI's chat completions reference. Everything that limits, money and safety
 * depend on is strict. Unknown members pass, as the provider may know them. null counts as absent. Throws PublicError
 * with the field's name.
 */
export function parseChat(json: Readonly<Record<string, unknown>>): Call {
  const body = withoutNulls(json);
  refuseManyPictures(body.messages);
  const parsed = chatBody.safeParse(body);
  if (!parsed.success) throw fieldFault(parsed.error.issues, body, FIELD_CODES);
  refuseRecursionIn(body.response_format, "response_format");
  refuseClosed("chat", body);
  const chat = parsed.data;
  const { max_tokens: older, max_completion_tokens: newer } = chat;
  if (older !== undefined && newer !== undefined && older !== newer) {
    throw new PublicError("conflicting_fields", "max_tokens and max_completion_tokens differ; send one of them.", {
      param: "max_tokens",
    });
  }
  if (chat.stream_options !== undefined && chat.stream !== true) {
    throw new PublicError("invalid_value", "stream_options is only allowed with stream: true.", {
      param: "stream_options",
    });
  }
  const { texts, pictures } = inputOf(body);
  return {
    endpoint: "chat",
    model: chat.model,
    stream: chat.stream ?? false,
    wantsUsage: chat.stream_options?.include_usage ?? false,
    maxOutputTokens: newer ?? older ?? null,
    choices: chat.n ?? 1,
    user: chat.user ?? null,
    inputTexts: texts,
    messageCount: chat.messages.length,
    imageCount: pictures,
    asks: asksOf(body),
    body,
  };
}

/** Their addresses are judged one by one below, before anything else could refuse the call. */
function refuseManyPictures(messages: unknown): void {
  let pictures = 0;
  for (const message of listOf(messages))
    for (const part of listOf(member(message, "content"))) if (member(part, "image_url") !== undefined) pictures += 1;
  if (pictures > ADDRESSES_MAX) throw tooManyAddresses();
}

const TOOLS_MAX = 1024;
const CHOICES_MAX = 8;
const TOKENS_MAX = 10_000_000;

const address = z.string().refine(isPictureAddress, "must be a public http(s) address or a data: image URL");
const text = z.looseObject({ type: z.literal("text"), text: z.string() });
const image = z.looseObject({
  type: z.literal("image_url"),
  image_url: z.union([address, z.looseObject({ url: address, detail: z.string().max(32).optional() })]),
});
const sound = z.looseObject({
  type: z.literal("input_audio"),
  input_audio: z.looseObject({ data: z.string().min(1) }),
});
const refusal = z.looseObject({ type: z.literal("refusal"), refusal: z.string() });
const KNOWN_PARTS: readonly string[] = ["text", "image_url", "input_audio", "refusal"];
/** Files, video and any later kinds. */
const other = z.looseObject({
  type: z
    .string()
    .min(1)
    .refine((type) => !KNOWN_PARTS.includes(type), "does not match its type"),
});
const part = z.union([text, image, sound, refusal, other]);

const message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: z.union([z.string(), z.array(part).min(1)]).nullish(),
  name: z.string().max(64).nullish(),
  tool_calls: z
    .array(z.looseObject({ id: z.string() }))
    .max(TOOLS_MAX)
    .nullish(),
});

const tool = z.looseObject({
  type: z.string(),
  function: z.looseObject({ name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) }).optional(),
});

const positive = z.number().int().min(1).max(TOKENS_MAX);

const chatBody = z.looseObject({
  model: storedText(256).min(1),
  messages: z.array(message).min(1).max(MESSAGES_MAX).refine(arePartsPure, PARTS),
  max_tokens: positive.optional(),
  max_completion_tokens: positive.optional(),
  n: z.number().int().min(1).max(CHOICES_MAX).optional(),
  stream: z.boolean().optional(),
  stream_options: z
    .looseObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .optional(),
  user: storedText(512).optional(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((value) => Object.keys(value).length <= 16, "at most 16 keys")
    .optional(),
  tools: z.array(tool).max(TOOLS_MAX).optional(),
  tool_choice: z.union([z.string(), z.looseObject({})]).optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: z.looseObject({ type: z.string() }).optional(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  frequency_penalty: z.number().min(-2).max(2).optional(),
  logit_bias: z
    .record(z.string(), z.number().min(-100).max(100))
    .refine((value) => Object.keys(value).length <= 300, "at most 300 entries")
    .optional(),
  logprobs: z.boolean().optional(),
  top_logprobs: z.number().int().min(0).max(20).optional(),
  seed: z.union([z.number().int(), z.string().refine(isMarked)]).optional(),
  service_tier: z.string().max(32).optional(),
  store: z.boolean().optional(),
  reasoning_effort: z.string().max(32).optional(),
  verbosity: z.string().max(32).optional(),
  prediction: z.looseObject({ type: z.string() }).optional(),
  prompt_cache_key: z.string().max(512).optional(),
  prompt_cache_retention: z.string().max(32).optional(),
  safety_identifier: z.string().max(512).optional(),
  // Sampling options of vLLM and other compatible servers.
  top_k: z.number().int().optional(),
  min_p: z.number().optional(),
  repetition_penalty: z.number().optional(),
});

/** The known members. */
export const CHAT_FIELDS: ReadonlySet<string> = new Set(Object.keys(chatBody.shape));

/** The code for a wrong value of a field; for other fields, the kind of fault decides. */
const FIELD_CODES: Readonly<Record<string, ErrorCode>> = {
  messages: "invalid_messages",
  max_tokens: "invalid_max_tokens",
  max_completion_tokens: "invalid_max_tokens",
  n: "invalid_n",
};

import { z } from "zod";
import type { ErrorCode } from "@/lib/errors";
import { asksOf } from "../asks";
import type { Call } from "../call";
import { inputOf } from "../input-of";
import { fieldFault, MESSAGES_MAX, withoutNulls } from "../json/field-fault";
import { arePartsPure, PARTS } from "../json/parts";
import { refuseRecursionIn } from "../json/schema-guard";
import { storedText } from "../json/stored-text";
import { refuseClosed } from "../open/open-list";

/**
 * A guarded JSON object to a Call, by OpenAI's Responses reference. Refuses background responses: they would continue
 * unmetered. Throws PublicError with the field's name.
 */
export function parseResponses(json: Readonly<Record<string, unknown>>): Call {
  const body = withoutNulls(json);
  const parsed = responsesBody.safeParse(body);
  if (!parsed.success) throw fieldFault(parsed.error.issues, body, FIELD_CODES);
  refuseRecursionIn(body.text, "text");
  refuseClosed("responses", body);
  const asked = parsed.data;
  const items = typeof asked.input === "object" ? asked.input : [];
  const { texts, pictures } = inputOf(body);
  return {
    endpoint: "responses",
    model: asked.model,
    stream: asked.stream ?? false,
    wantsUsage: true,
    maxOutputTokens: asked.max_output_tokens ?? null,
    choices: 1,
    user: asked.user ?? null,
    inputTexts: texts,
    messageCount: Math.max(1, items.length),
    imageCount: pictures,
    asks: asksOf(body),
    body,
  };
}

const TOKENS_MAX = 10_000_000;
const TOOLS_MAX = 1024;
const object = z.looseObject({});

const responsesBody = z.looseObject({
  model: storedText(256).min(1),
  /** The input may be in a stored prompt or conversation. */
  input: z.union([z.string(), z.array(object).min(1).max(MESSAGES_MAX).refine(arePartsPure, PARTS)]).optional(),
  instructions: z.string().optional(),
  max_output_tokens: z.number().int().min(1).max(TOKENS_MAX).optional(),
  stream: z.boolean().optional(),
  stream_options: z.looseObject({ include_obfuscation: z.boolean().optional() }).optional(),
  tools: z
    .array(
      z.looseObject({
        type: z.string(),
        name: z
          .string()
          .regex(/^[A-Za-z0-9_-]{1,128}$/)
          .optional(),
      }),
    )
    .max(TOOLS_MAX)
    .optional(),
  tool_choice: z.union([z.string(), object]).optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_tool_calls: z.number().int().min(1).optional(),
  text: object.optional(),
  reasoning: object.optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_logprobs: z.number().int().min(0).max(20).optional(),
  truncation: z.string().max(32).optional(),
  include: z.array(z.string().max(128)).max(32).optional(),
  previous_response_id: z.string().max(256).optional(),
  store: z.boolean().optional(),
  background: z.literal(false, "background responses are not served").optional(),
  user: storedText(512).optional(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((value) => Object.keys(value).length <= 16, "at most 16 keys")
    .optional(),
  service_tier: z.string().max(32).optional(),
  prompt_cache_key: z.string().max(512).optional(),
  prompt_cache_retention: z.string().max(32).optional(),
  safety_identifier: z.string().max(512).optional(),
});

/** The known members. */
export const RESPONSES_FIELDS: ReadonlySet<string> = new Set(Object.keys(responsesBody.shape));

const FIELD_CODES: Readonly<Record<string, ErrorCode>> = {
  input: "invalid_messages",
  max_output_tokens: "invalid_max_tokens",
};

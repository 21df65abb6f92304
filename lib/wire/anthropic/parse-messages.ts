import { z } from "zod";
import type { ErrorCode } from "@/lib/errors";
import { asksOf } from "../asks";
import type { Call, Endpoint } from "../call";
import { inputOf } from "../input-of";
import { fieldFault, MESSAGES_MAX, withoutNulls } from "../json/field-fault";
import { member } from "../json/object";
import { arePartsPure, PARTS } from "../json/parts";
import { refuseRecursionIn } from "../json/schema-guard";
import { storedText } from "../json/stored-text";
import { refuseClosed } from "../open/open-list";
import { stableUser } from "./stable-user";

/**
 * A guarded JSON object to a Call, by Anthropic's Messages reference. Everything that limits, money and safety depend
 * on is strict. Unknown members and blocks pass, as the provider may know them. Throws PublicError with the field's
 * name.
 */
export function parseMessages(json: Readonly<Record<string, unknown>>, endpoint: Endpoint = "messages"): Call {
  const body = withoutNulls(json);
  // A continued thread contains the conversation, also of a paused turn.
  const isEmpty = member(body.thread, "type") === "continue" && isEmptyList(body.messages);
  const bodySchema = endpoint === "messages" ? messagesBody : countBody;
  const parsed = bodySchema.safeParse(isEmpty ? { ...body, messages: PAUSED } : body);
  if (!parsed.success) throw fieldFault(parsed.error.issues, body, FIELD_CODES);
  refuseRecursionIn(body.output_format, "output_format");
  refuseRecursionIn(body.output_config, "output_config");
  refuseClosed(endpoint, body);
  const asked = parsed.data;
  const { texts, pictures } = inputOf(body);
  return {
    endpoint,
    model: asked.model,
    stream: asked.stream ?? false,
    wantsUsage: true,
    maxOutputTokens: endpoint === "messages" ? (asked.max_tokens ?? null) : 0,
    choices: 1,
    user: stableUser(asked.metadata?.user_id ?? null),
    inputTexts: texts,
    messageCount: asked.messages.length,
    imageCount: pictures,
    asks: asksOf(body),
    body,
  };
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;
/** Replaces an empty list of messages where none are needed. */
const PAUSED = [{ role: "user", content: "" }];

const TOOLS_MAX = 1024;
const TOKENS_MAX = 10_000_000;
/** Far above the number of tokens of any vocabulary. */
const TOP_K_MAX = 10_000_000;
const STOP_CHARS_MAX = 4096;

/** The name of one of the provider's own choices. */
const choice = z.looseObject({ type: z.string().max(64) });
const block = z.looseObject({ type: z.string().min(1) });
const content = z.union([z.string(), z.array(block)]);
const message = z.looseObject({ role: z.enum(["user", "assistant", "system"]), content });

const messagesBody = z.looseObject({
  model: storedText(256).min(1),
  messages: z.array(message).min(1).max(MESSAGES_MAX).refine(arePartsPure, PARTS),
  max_tokens: z.number().int().min(1).max(TOKENS_MAX),
  system: content.optional(),
  stream: z.boolean().optional(),
  metadata: z.looseObject({ user_id: storedText(512).nullish() }).optional(),
  tools: z
    .array(z.looseObject({ name: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/) }))
    .max(TOOLS_MAX)
    .optional(),
  tool_choice: choice.optional(),
  stop_sequences: z.array(z.string().max(STOP_CHARS_MAX)).max(64).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.number().int().min(0).max(TOP_K_MAX).optional(),
  thinking: choice.optional(),
  service_tier: z.string().max(32).optional(),
  cache_control: choice.optional(),
  context_management: z.looseObject({}).optional(),
  output_config: z.looseObject({}).optional(),
  output_format: z.looseObject({}).optional(),
});
const countBody = messagesBody.extend({ max_tokens: z.number().int().min(1).max(TOKENS_MAX).optional() });

/** The known members. */
export const MESSAGES_FIELDS: ReadonlySet<string> = new Set(Object.keys(messagesBody.shape));

const FIELD_CODES: Readonly<Record<string, ErrorCode>> = {
  messages: "invalid_messages",
  max_tokens: "invalid_max_tokens",
};

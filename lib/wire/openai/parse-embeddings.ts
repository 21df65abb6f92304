import { z } from "zod";
import { asksOf } from "../asks";
import type { Call } from "../call";
import { inputOf } from "../input-of";
import { fieldFault, withoutNulls } from "../json/field-fault";
import { storedText } from "../json/stored-text";
import { refuseClosed } from "../open/open-list";

/** A guarded JSON object to a Call, by OpenAI's embeddings reference. Throws PublicError with the field's name. */
export function parseEmbeddings(json: Readonly<Record<string, unknown>>): Call {
  const body = withoutNulls(json);
  const parsed = embeddingsBody.safeParse(body);
  if (!parsed.success) throw fieldFault(parsed.error.issues, body, {});
  refuseClosed("embeddings", body);
  const { model, input, user } = parsed.data;
  const inputs = typeof input === "string" ? [input] : input;
  const others = inputOf(Object.fromEntries(Object.entries(body).filter(([name]) => !EMBEDDINGS_FIELDS.has(name))));
  return {
    endpoint: "embeddings",
    model,
    stream: false,
    wantsUsage: true,
    maxOutputTokens: 0,
    choices: 1,
    user: user ?? null,
    inputTexts: [...inputs.filter((one) => typeof one === "string"), ...others.texts],
    inputTokenIds: inputs.reduce<number>((sum, one) => sum + tokenIdsIn(one), 0),
    messageCount: 0,
    imageCount: others.pictures,
    asks: asksOf(body),
    body,
  };
}

const INPUTS_MAX = 2048;
const token = z.number().int().min(0);
const embeddingsBody = z.looseObject({
  model: storedText(256).min(1),
  input: z.union([
    z.string().min(1),
    z.array(z.string().min(1)).min(1).max(INPUTS_MAX),
    z.array(token).min(1),
    z.array(z.array(token).min(1)).min(1).max(INPUTS_MAX),
  ]),
  encoding_format: z.enum(["float", "base64"]).optional(),
  dimensions: z.number().int().min(1).max(100_000).optional(),
  user: storedText(512).optional(),
});

/** The known members. */
export const EMBEDDINGS_FIELDS: ReadonlySet<string> = new Set(Object.keys(embeddingsBody.shape));

function tokenIdsIn(input: string | number | readonly number[]): number {
  if (typeof input === "string") return 0;
  return typeof input === "number" ? 1 : input.length;
}

import { z } from "zod";
import { PublicError } from "@/lib/errors";
import { asksOf } from "@/lib/wire/asks";
import type { Call } from "@/lib/wire/call";
import { fieldFault, withoutNulls } from "@/lib/wire/json/field-fault";
import { parsingJsonBody } from "@/lib/wire/json/json-guard";
import { isObject, parseBody } from "@/lib/wire/json/object";
import { storedText } from "@/lib/wire/json/stored-text";
import { readBody } from "../bounds/read-body";
import { type Exchange, jsonReply, type Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";
import { serveCall } from "./serve-call";
import { quotaFor } from "./serve-quota";

const plainBody = z.strictObject({
  message: z.string().min(1).max(1_000_000),
  user: storedText(512).min(1).optional(),
  /** another name of `user` */
  user_id: storedText(512).min(1).optional(),
  model: storedText(256).min(1).optional(),
});

/**
 * POST /api/chat: takes `{message, user_id?, model?}` and returns the reply and the caller's remaining quota. It runs
 * like a chat completion. For a first curl and for scripts without an SDK.
 */
export async function plainChat(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticate(exchange);
  const bytes = await readBody(gateway.bounds, exchange, principal);
  const { message, user, model } = parsePlain(await gateway.bounds.work(exchange, parsingJsonBody(bytes)));
  const call = callOf(message, user, model ?? defaultModel(gateway));
  const answered = await serveCall(gateway, { exchange, principal, call, onWaiting: () => undefined });
  if (!(answered.body instanceof Uint8Array)) throw new Error("a call without stream is answered whole");
  const completion = parseBody(answered.body);
  const quota = await quotaFor(
    gateway,
    exchange,
    principal,
    exchange.header("x-spillway-user")?.trim() || user,
    // Otherwise every call would read the reservations of all others.
    null,
  );
  return jsonReply(
    200,
    {
      reply: replyText(completion),
      model: call.model,
      usage: isObject(completion) ? completion.usage : undefined,
      quota,
    },
    answered.headers,
  );
}

/**
 * Throws PublicError that names the field. `user` and `user_id` are the same field; both may be sent if they are equal.
 */
export function parsePlain(json: Readonly<Record<string, unknown>>): {
  message: string;
  user: string | null;
  model: string | null;
} {
  const body = withoutNulls(json);
  const parsed = plainBody.safeParse(body);
  if (!parsed.success) {
    const { code, message: fault, param } = fieldFault(parsed.error.issues, body, {});
    throw new PublicError(code, `${fault} Send {"message": "…", "user_id"?: "…", "model"?: "…"}.`, {
      param: param ?? "message",
    });
  }
  const { message, user, user_id: userId, model } = parsed.data;
  if (user !== undefined && userId !== undefined && user !== userId) {
    throw new PublicError(
      "invalid_value",
      'The fields "user" and "user_id" name two different users: send one of them.',
      {
        param: "user_id",
      },
    );
  }
  return { message, user: user ?? userId ?? null, model: model ?? null };
}

function callOf(message: string, user: string | null, model: string): Call {
  const body = { model, messages: [{ role: "user", content: message }] };
  return {
    endpoint: "chat",
    model,
    stream: false,
    wantsUsage: false,
    maxOutputTokens: null,
    choices: 1,
    user,
    inputTexts: [message],
    messageCount: 1,
    imageCount: 0,
    asks: asksOf(body),
    body,
  };
}

/** The first callable model of the catalogue. */
function defaultModel(gateway: Gateway): string {
  const known = [...gateway.policy.snapshot.models.values()].filter((model) => model.price !== null);
  const model = known.find((one) => one.slug === "sim-small") ?? known[0];
  if (model === undefined)
    throw new PublicError("model_not_found", "The catalogue has no models yet.", { param: "model" });
  return model.slug;
}

function replyText(completion: unknown): string {
  const choices = isObject(completion) && Array.isArray(completion.choices) ? completion.choices : [];
  const [first] = choices;
  const message = isObject(first) && isObject(first.message) ? first.message : {};
  return typeof message.content === "string" ? message.content : "";
}

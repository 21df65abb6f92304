import { z } from "zod";
import { DAY_SECONDS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { parseJsonBody } from "@/lib/wire/json/json-guard";
import { readBody } from "../bounds/read-body";
import { type Exchange, jsonReply, type Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";
import { away } from "./serve-refusal";

const WISH_CHARS_MAX = 500;
const USER_CHARS_MAX = 128;
/** Text for people, without characters that a terminal or a page would interpret. */
const text = (most: number) =>
  z
    .string()
    .trim()
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "contains control characters");
const wishBody = z.strictObject({ wish: text(WISH_CHARS_MAX).min(1) });

export type OwnUsage = ReturnType<typeof usageAnswer>;

/** GET /v1/usage: usage of this key and its successors in the last 30 days, by day and model. */
export async function serveOwnUsage(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  const { ownBooks } = gateway;
  const asked = [ownBooks.usage(principal), ownBooks.refusing(principal), ownBooks.dates(principal)] as const;
  const [rows, refusing, key] = await Promise.all(asked).catch(away);
  return jsonReply(200, usageAnswer(rows, refusing, key));
}

type Rows = Awaited<ReturnType<Gateway["ownBooks"]["usage"]>>;
type Refusing = Awaited<ReturnType<Gateway["ownBooks"]["refusing"]>>;
type Dates = Awaited<ReturnType<Gateway["ownBooks"]["dates"]>>;

function usageAnswer(rows: Rows, refusing: Refusing, key: Dates) {
  return {
    key,
    refusing,
    days: rows.map(({ day, model, calls, inputTokens, outputTokens, costMicroUsd }) => ({
      day: day.toISOString().slice(0, 10),
      model,
      calls,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      cost_micro_usd: costMicroUsd,
    })),
  };
}

/** POST /v1/wishes: a request to the operators for more, in the holder's own words. A few per day. */
export async function serveWish(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  const given = wishBody.safeParse(parseJsonBody(await readBody(gateway.bounds, exchange, principal)));
  if (!given.success) {
    const message = `Send {"wish": "…"} with 1 to ${WISH_CHARS_MAX} characters in one paragraph.`;
    throw new PublicError("invalid_value", message, { param: "wish" });
  }
  const user = text(USER_CHARS_MAX).safeParse(exchange.header("x-spillway-user") ?? "");
  const asked = { wish: given.data.wish, user: user.success ? user.data : "" };
  if (!(await gateway.ownBooks.ask(principal, asked).catch(away))) {
    const message = "This key or its tenant has sent enough requests today. The operators have your earlier messages.";
    throw new PublicError("too_many_attempts", message, { retryAfterSeconds: DAY_SECONDS });
  }
  return jsonReply(201, { sent: true });
}

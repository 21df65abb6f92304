import { z } from "zod";
import { asPublicError, PublicError } from "@/lib/errors";
import { parseJsonBody } from "@/lib/wire/json/json-guard";
import { readBody } from "../bounds/read-body";
import { type Exchange, jsonReply, type Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";
import { away } from "./serve-refusal";

export type OwnNewKey = {
  readonly key: string;
  readonly expires_at: string | null;
  readonly old_key_overlap_seconds: number;
};

/**
 * POST /v1/key/rotate: a new key in place of the one that this request is authenticated with. The body is `{}`: no other key can
 * be named. Only this answer contains the new key.
 */
export async function serveOwnRotation(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  const given = z.strictObject({}).safeParse(parseJsonBody(await readBody(gateway.bounds, exchange, principal)));
  if (!given.success)
    throw new PublicError("invalid_value", "Send {} as the body: only the key that you authenticate with is rotated.");
  const { clientAddress: address } = exchange;
  const made = await gateway.rotateKey({ keyId: principal.key.id, address }).catch((thrown: unknown) => {
    throw asPublicError(thrown) ?? away(thrown);
  });
  const answer: OwnNewKey = {
    key: made.key,
    expires_at: made.expiresAt?.toISOString() ?? null,
    old_key_overlap_seconds: made.overlapSeconds,
  };
  return jsonReply(201, answer);
}

import { createSign } from "node:crypto";
import { z } from "zod";
import { PublicError } from "@/lib/errors";
import { type Forward, isAnswered, textOf } from "../forward";
import type { GoogleKey } from "./provider-key";

const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().int().min(1) });

const GOOGLES = "https://oauth2.googleapis.com/token";
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const LIFE_SECONDS = 3600;
/** A token is not used in its last minutes: a call that waits must not arrive with an expired one. */
const SPARE_MS = 300_000;
const TOKEN_MS = 10_000;
const KEYS_MAX = 1000;

type Token = { readonly text: string; readonly expiresAtMs: number };

/**
 * Access tokens for service accounts (RFC 7523, https://developers.google.com/identity/protocols/oauth2/service-account):
 * one request an hour for each key, shared by all waiting calls. Fail mode: without a token the call fails as unauthorized
 * at its provider; the next call asks again.
 */
export class GoogleTokens {
  readonly #tokens = new Map<string, Token>();
  readonly #asked = new Map<string, Promise<Token>>();
  readonly #forward: Forward;
  readonly #now: () => number;

  constructor(forward: Forward, now: () => number) {
    this.#forward = forward;
    this.#now = now;
  }

  async tokenFor(key: GoogleKey, allowLocal: boolean): Promise<string> {
    const id = `${key.client_email} ${key.private_key}`;
    const known = this.#tokens.get(id);
    if (known !== undefined && known.expiresAtMs - SPARE_MS > this.#now()) return known.text;
    const asked = this.#asked.get(id) ?? this.#ask(key, allowLocal).finally(() => this.#asked.delete(id));
    this.#asked.set(id, asked);
    const token = await asked;
    if (this.#tokens.size >= KEYS_MAX) this.#tokens.clear();
    this.#tokens.set(id, token);
    return token.text;
  }

  async #ask(key: GoogleKey, allowLocal: boolean): Promise<Token> {
    // The key names the token server: only Google may get the proof, or a server that the operator allowed for tests.
    if (key.token_uri !== GOOGLES && !allowLocal) throw refused(`token_uri must be ${GOOGLES}.`);
    const now = this.#now();
    const url = new URL(key.token_uri);
    const form = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: assertionOf(key, Math.floor(now / 1000)),
    });
    const reply = await this.#forward({
      target: { baseUrl: url.origin, headers: {}, allowLocal },
      path: url.pathname,
      body: Buffer.from(form.toString()),
      contentType: "application/x-www-form-urlencoded",
      requestId: "google-token",
      headersMs: TOKEN_MS,
      signal: AbortSignal.timeout(TOKEN_MS),
      onSent: () => undefined,
    });
    const { access_token, expires_in } = tokenIn(reply.status, await textOf(reply));
    return { text: access_token, expiresAtMs: now + expires_in * 1000 };
  }
}

function tokenIn(status: number, text: string): z.infer<typeof answer> {
  const why = `Google gave no token for the service account (status ${status}).`;
  if (!isAnswered(status)) throw refused(why);
  try {
    return answer.parse(JSON.parse(text));
  } catch (cause) {
    throw refused(why, cause);
  }
}

function assertionOf({ client_email, private_key, token_uri }: GoogleKey, nowSeconds: number): string {
  const claims = { iss: client_email, scope: SCOPE, aud: token_uri, iat: nowSeconds, exp: nowSeconds + LIFE_SECONDS };
  const said = [{ alg: "RS256", typ: "JWT" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${said}.${createSign("RSA-SHA256").update(said).sign(private_key, "base64url")}`;
}

function refused(why: string, cause?: unknown): PublicError {
  return new PublicError("upstream_auth", `The provider's credential cannot be used: ${why}`, { cause });
}

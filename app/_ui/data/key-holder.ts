"use client";

import type { OwnQuota } from "@/lib/console/tenants/tenant-quota";
import type { OwnUsage } from "@/lib/gateway/routes/serve-own-books";
import type { OwnNewKey } from "@/lib/gateway/routes/serve-own-key";
import type { RefusalAnswer } from "@/lib/gateway/routes/serve-refusal";

/** The headers for a key and its user, as any client sends them. */
export function callerHeaders({ key, user }: Caller): Record<string, string> {
  return { authorization: `Bearer ${key}`, ...(user === "" ? {} : { "x-spillway-user": user }) };
}

/** What the holder of a key has left. Throws the server's message when the key is invalid. */
export function ownQuota(caller: Caller): Promise<OwnQuota> {
  return asHolder("/v1/quota", caller);
}

/** One of a key's refused calls. Throws the server's message when there is none with that id. */
export function ownRefusal(requestId: string, caller: Caller): Promise<RefusalAnswer> {
  return asHolder(`/v1/refusals/${requestId}`, caller);
}

/** The key's use by day and model, and the limits that refuse calls now. */
export function ownUsage(caller: Caller): Promise<OwnUsage> {
  return asHolder("/v1/usage", caller);
}

/** Asks the operators for more. Throws the server's message when the day's maximum is reached. */
export async function askForMore(wish: string, caller: Caller): Promise<void> {
  const body = JSON.stringify({ wish });
  const headers = { ...callerHeaders(caller), "content-type": "application/json" };
  await answered(await fetch("/v1/wishes", { method: "POST", headers, body }));
}

/** A new key in place of the caller's own. Throws the server's message when that is not allowed, or already done. */
export async function rotateOwn(caller: Caller): Promise<OwnNewKey> {
  const headers = { ...callerHeaders(caller), "content-type": "application/json" };
  return answered(await fetch("/v1/key/rotate", { method: "POST", headers, body: "{}" }));
}

type Caller = { readonly key: string; readonly user: string };

async function asHolder<Answer>(path: string, caller: Caller): Promise<Answer> {
  return answered(await fetch(path, { headers: callerHeaders(caller) }));
}

async function answered<Answer>(response: Response): Promise<Answer> {
  const answer = await response.json();
  if (!response.ok) throw new Error(String(answer.error?.message ?? "The server did not answer."));
  return answer;
}

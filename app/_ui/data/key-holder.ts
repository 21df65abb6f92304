"use client";

import type { OwnQuota } from "@/lib/console/tenants/tenant-quota";
import type { OwnUsage } from "@/lib/gateway/routes/serve-own-books";
import type { RefusalAnswer } from "@/lib/gateway/routes/serve-refusal";

/** The headers by which any client names its key and its user. */
export function callerHeaders({ key, user }: Caller): Record<string, string> {
  return { authorization: `Bearer ${key}`, ...(user === "" ? {} : { "x-spillway-user": user }) };
}

/** What the holder of a key has left. Throws what the server says when the key is not good. */
export function ownQuota(caller: Caller): Promise<OwnQuota> {
  return asHolder("/v1/quota", caller);
}

/** One of a key's refused calls. Throws the server's message when it has none of that id. */
export function ownRefusal(requestId: string, caller: Caller): Promise<RefusalAnswer> {
  return asHolder(`/v1/refusals/${requestId}`, caller);
}

/** What the key used by day and model, and which limits refuse calls just now. */
export function ownUsage(caller: Caller): Promise<OwnUsage> {
  return asHolder("/v1/usage", caller);
}

/** Asks the operators for more. Throws the server's message when enough was asked for today. */
export async function askForMore(wish: string, caller: Caller): Promise<void> {
  const body = JSON.stringify({ wish });
  const headers = { ...callerHeaders(caller), "content-type": "application/json" };
  await answered(await fetch("/v1/wishes", { method: "POST", headers, body }));
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

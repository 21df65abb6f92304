"use client";

import type { OwnQuota } from "@/lib/console/tenants/tenant-quota";
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

type Caller = { readonly key: string; readonly user: string };

async function asHolder<Answer>(path: string, caller: Caller): Promise<Answer> {
  const response = await fetch(path, { headers: callerHeaders(caller) });
  const answer = await response.json();
  if (!response.ok) throw new Error(String(answer.error?.message ?? "The server did not answer."));
  return answer;
}

"use client";

import type { QuotaView } from "@/lib/console/quota";

/** Who a call is for, as any client says it. */
export function callerHeaders({ key, user }: { key: string; user: string }): Record<string, string> {
  return { authorization: `Bearer ${key}`, ...(user === "" ? {} : { "x-spillway-user": user }) };
}

/** What the holder of a key has left. Throws what the server says when the key is not good. */
export async function ownQuota(caller: { key: string; user: string }): Promise<QuotaView> {
  const response = await fetch("/v1/quota", { headers: callerHeaders(caller) });
  const answer = await response.json();
  if (!response.ok) throw new Error(String(answer.error?.message ?? "The key could not be read."));
  return answer;
}

"use client";

import { useQuery } from "@tanstack/react-query";
import { api } from "../../_ui/data/api";

type LastCall = { readonly key: string; readonly address: string; readonly model: string; readonly at: string };

const EVERY_MS = 30_000;
const KEYS_MAX = 100;

/** The address of each key's last served call, by its id; empty until known. */
export function useUsedFrom(ids: readonly string[]): ReadonlyMap<string, string> {
  const asked = [...ids].sort().slice(0, KEYS_MAX).join(",");
  const found = useQuery({
    queryKey: ["keys", "last-calls", asked],
    queryFn: () => api<{ calls: LastCall[] }>(`keys/last-calls?ids=${encodeURIComponent(asked)}`),
    enabled: asked !== "",
    refetchInterval: EVERY_MS,
  });
  return new Map(found.data?.calls.map(({ key, address }) => [key, address]));
}

"use client";

import { useQuery } from "@tanstack/react-query";
import { api } from "./api";

/** A tenant's name; its slug until it is known, and for a tenant that was removed. */
export function useTenantName(slug: string): string {
  const { data } = useQuery({
    queryKey: ["tenants", slug],
    queryFn: () => api<{ name: string }>(`tenants/${encodeURIComponent(slug)}`),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return data?.name ?? slug;
}

/** A tier's name; its slug until it is known, and for a tier that was removed. */
export function useTierName(slug: string): string {
  const { data } = useQuery({
    queryKey: ["tiers", slug, "name"],
    queryFn: () => api<{ name: string }>(`tiers/${encodeURIComponent(slug)}`),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return data?.name ?? slug;
}

/** A key's name; its public id until it is known, and for a key that is no longer listed. */
export function useKeyName(id: string): string {
  const { data } = useQuery({
    queryKey: ["keys", "named", id],
    queryFn: () =>
      api<{ keys: readonly { readonly id: string; readonly name: string }[] }>(
        `keys?${new URLSearchParams({ find: id, limit: "1" })}`,
      ),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return data?.keys.find((key) => key.id === id)?.name ?? id;
}

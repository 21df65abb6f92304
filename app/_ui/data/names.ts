"use client";

import { useQuery } from "@tanstack/react-query";
import { api } from "./api";

/** A tenant's name; its slug until it is known, and for a tenant that was removed. An empty slug asks nothing. */
export function useTenantName(slug: string): string {
  const { data } = useQuery({
    queryKey: ["tenants", slug],
    queryFn: () => api<{ name: string }>(`tenants/${encodeURIComponent(slug)}`),
    enabled: slug !== "",
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return data?.name ?? slug;
}

/** A tier's name; its slug until it is known, and for a tier that was removed. An empty slug asks nothing. */
export function useTierName(slug: string): string {
  const { data } = useQuery({
    queryKey: ["tiers", slug, "name"],
    queryFn: () => api<{ name: string }>(`tiers/${encodeURIComponent(slug)}`),
    enabled: slug !== "",
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return data?.name ?? slug;
}

/** A key's name; its public id until it is known, and for a key that is no longer listed. */
export function useKeyName(id: string): string {
  return useNamedKey(id)?.name ?? id;
}

type NamedKey = { readonly id: string; readonly name: string; readonly tenant: string; readonly tenantName?: string };

/** A key with its name and its tenant's; undefined until it is known. An empty id asks nothing. */
export function useNamedKey(id: string): NamedKey | undefined {
  const { data } = useQuery({
    queryKey: ["keys", "named", id],
    queryFn: () => api<{ keys: readonly NamedKey[] }>(`keys?${new URLSearchParams({ find: id, limit: "1" })}`),
    enabled: id !== "",
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return data?.keys.find((key) => key.id === id);
}

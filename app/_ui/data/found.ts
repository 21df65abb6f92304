"use client";

import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { KeyView } from "@/lib/console/keys/keys";
import type { TenantView } from "@/lib/console/tenants/tenants";
import { api } from "./api";

/** Delay from the last typed key to the query. */
const FIND_AFTER_MS = 150;

export type TenantPage = {
  readonly tenants: readonly TenantView[];
  readonly next: string | null;
  readonly total: number;
};

type Asked = { readonly limit: number; readonly enabled?: boolean };

/** The tenants whose name or slug contains these words, from the server; without words the first ones by name. */
export function useFoundTenants(text: string, { limit, enabled = true }: Asked) {
  const [find] = useDebouncedValue(text.trim(), FIND_AFTER_MS);
  const query = new URLSearchParams({ limit: String(limit), ...(find === "" ? {} : { find }) });
  return useQuery({
    queryKey: ["tenants", "found", find, limit],
    queryFn: () => api<TenantPage>(`tenants?${query}`),
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** The keys of all tenants whose name or public id contains these words, from the server; none without words. */
export function useFoundKeys(text: string, { limit, enabled = true }: Asked) {
  const [find] = useDebouncedValue(text.trim(), FIND_AFTER_MS);
  const query = new URLSearchParams({ limit: String(limit), find });
  return useQuery({
    queryKey: ["keys", "found", find, limit],
    queryFn: () => api<{ keys: readonly KeyView[] }>(`keys?${query}`),
    placeholderData: keepPreviousData,
    enabled: enabled && find !== "",
  });
}

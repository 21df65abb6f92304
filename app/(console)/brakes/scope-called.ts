"use client";

import { useQuery } from "@tanstack/react-query";
import type { ScopeNames } from "@/lib/console/brakes/brake-view";
import { scopeWords } from "@/lib/console/brakes/scope-words.shared";
import { api } from "../../_ui/data/api";
import { useIsOfAll } from "../../_ui/data/live";
import { useNamedKey, useTenantName, useTierName } from "../../_ui/data/names";

/** A key's public id is so long; a shorter one is still being typed. */
const KEY_ID_CHARS = 12;

type Scope = Readonly<Record<string, string>>;
type Providers = { readonly providers: readonly { readonly slug: string; readonly name: string }[] };

/**
 * "calls of tenant Harbour Logistics": a brake's scope in names; slugs and ids until they are known, and for operators of
 * some tenants where they may not ask.
 */
export function useScopeCalled(scope: Scope): string {
  const isOfAll = useIsOfAll();
  const catalog = useQuery({
    queryKey: ["catalog"],
    queryFn: () => api<Providers>("catalog"),
    enabled: isOfAll && scope.provider !== undefined,
  });
  const tenant = useTenantName(scope.tenant ?? "");
  const key = useNamedKey(scope.key?.length === KEY_ID_CHARS ? scope.key : "");
  const tier = useTierName(isOfAll ? (scope.tier ?? "") : "");
  const provider = catalog.data?.providers.find(({ slug }) => slug === scope.provider)?.name;
  const names: ScopeNames = {
    ...(tenant === "" ? {} : { tenant }),
    ...(tier === "" ? {} : { tier }),
    ...(provider === undefined ? {} : { provider }),
    ...(key === undefined ? {} : { key: key.name, keyTenant: key.tenantName ?? key.tenant }),
  };
  const words = scopeWords(scope, names);
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
}

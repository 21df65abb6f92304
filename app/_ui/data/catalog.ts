"use client";

import { useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import type { PROVIDERS_ANSWERS } from "@/lib/console/providers/answers";
import { api } from "./api";

export type Catalog = z.infer<typeof PROVIDERS_ANSWERS.listCatalog>;
export type ProviderView = Catalog["providers"][number];
export type ModelView = Catalog["models"][number];

/** Providers, models and the prices in force. */
export function useCatalog() {
  return useQuery({ queryKey: ["catalog"], queryFn: () => api<Catalog>("catalog") });
}

"use client";

import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FeaturesView } from "@/lib/console/tenants/features";
import { api } from "../../../_ui/data/api";
import { count } from "../../../_ui/figures/format";

export type Permits = FeaturesView["permits"];
export type CostClass = keyof Permits;

export const NONE = "none";

/** One write, confirmed when it is in force. */
export function usePut(path: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: object) => api(path, { method: "PUT", body }),
    onSuccess: async () => {
      await queries.invalidateQueries();
      notifications.show({ color: "teal", title: "In force", message: "It applies to the next call." });
    },
  });
}

/** The feature is named in the body: its name may hold what no path may, such as a slash. */
export function featuresPath(slug: string): string {
  return `tenants/${encodeURIComponent(slug)}/features`;
}

export function choices(permits: Permits) {
  return [
    { value: NONE, label: "No class" },
    ...asClasses(permits).map(([name, units]) => ({ value: name, label: `${name}: ${requests(units)}` })),
  ];
}

export function asClasses(permits: Permits): [CostClass, number][] {
  return [
    ["S", permits.S],
    ["M", permits.M],
    ["L", permits.L],
    ["XL", permits.XL],
  ];
}

export function requests(units: number): string {
  return units === 1 ? "1 request" : `${count(units)} requests`;
}

"use client";

import { Spotlight, type SpotlightActionData, spotlight } from "@mantine/spotlight";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { asRole, can } from "@/lib/console/kernel/can.shared";
import type { KeyView } from "@/lib/console/keys/keys";
import type { TenantView } from "@/lib/console/tenants/tenants";
import { NAV } from "../../nav";
import { api } from "../data/api";
import { readPasted } from "../forms/pasted";

/** Here, so that a page that opens it loads only what the palette loads. */
export const openPalette = () => spotlight.open();

const TENANTS_SHOWN = 8;
const KEYS_SHOWN = 6;

/** Ctrl+K: pages, tenants, keys, a request id, and the brake; whatever is typed or pasted. */
export function Palette({ role: given }: { role: string }) {
  const router = useRouter();
  const role = asRole(given) ?? "viewer";
  const [text, setText] = useState("");
  const [isUsed, setIsUsed] = useState(false);
  const tenants = useQuery({
    queryKey: ["tenants"],
    queryFn: () => api<{ tenants: TenantView[] }>("tenants"),
    enabled: isUsed,
  });
  const keys = useQuery({ queryKey: ["all-keys"], queryFn: () => api<{ keys: KeyView[] }>("keys"), enabled: isUsed });
  const wanted = text.trim().toLowerCase();
  const { requestId } = readPasted(text);
  const go = (href: string) => () => router.push(href);
  const has = (...words: string[]) => words.join(" ").toLowerCase().includes(wanted);
  const call: SpotlightActionData[] =
    requestId === null
      ? []
      : [
          {
            id: "call",
            label: `Explain ${requestId}`,
            description: "the call in the ledger",
            onClick: go(`/requests?id=${requestId}`),
          },
        ];
  const pages = NAV.filter((page) => can(role, page.action) && has(page.label)).map((page) => ({
    ...{ id: page.href, label: page.label, description: "page", onClick: go(page.href) },
  }));
  const acts = [
    ...(can(role, "brakes.set")
      ? [{ id: "stop", label: "Stop calls…", description: "set a brake", onClick: go("/?stop=all") }]
      : []),
  ].filter((act) => has(act.label, "brake", "kill"));
  const found = (tenants.data?.tenants ?? []).filter((one) => has(one.name, one.slug)).slice(0, TENANTS_SHOWN);
  const stops = found.map((one) => ({
    ...{
      id: `stop ${one.slug}`,
      label: `Stop ${one.name}…`,
      description: "set a brake on the tenant",
      onClick: go(`/?stop=${one.slug}`),
    },
  }));
  const ofKeys = (keys.data?.keys ?? [])
    .filter((one) => wanted !== "" && has(one.name, one.id, one.display))
    .slice(0, KEYS_SHOWN);
  const actions: SpotlightActionData[] = [
    ...call,
    ...found.map((one) => ({
      id: one.slug,
      label: one.name,
      description: `tenant ${one.slug}`,
      onClick: go(`/tenants/${one.slug}`),
    })),
    ...ofKeys.map((one) => ({
      id: one.id,
      label: one.display,
      description: `key "${one.name}" of ${one.tenant}`,
      onClick: go(`/tenants/${one.tenant}`),
    })),
    ...acts,
    ...(wanted !== "" && can(role, "brakes.set") ? stops : []),
    ...pages,
  ];
  return (
    <Spotlight
      actions={actions}
      query={text}
      onQueryChange={setText}
      onSpotlightOpen={() => setIsUsed(true)}
      filter={(_query, all) => all}
      nothingFound="No results."
      shortcut={null}
      searchProps={{ placeholder: "A tenant, a key, a page, or a request id", "aria-label": "Find anything" }}
      scrollable
      maxHeight={420}
    />
  );
}

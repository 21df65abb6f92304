"use client";

import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../data/api";
import type { Catalog } from "../data/catalog";
import { useFoundKeys, useFoundTenants } from "../data/found";
import { soughtIn } from "../forms/sought";
import { entriesFor, OTHERS_SHOWN, type Shown, TENANTS_SHOWN } from "./palette/entries";
import { PALETTE_LABEL, receiveTyped } from "./typed-early";

const [store, spotlight] = createSpotlight();

/** Here, so that a page that opens it loads only the palette's code. */
export const openPalette = () => spotlight.open();

/** Ctrl+K: finds pages, tenants, keys, a request id, and the brake from typed or pasted text. */
export function Palette(shown: Shown) {
  const router = useRouter();
  const [text, setText] = useState("");
  const [isUsed, setIsUsed] = useState(false);
  useEffect(() => receiveTyped((typed) => setText((text) => text + typed)), []);
  const sought = soughtIn(text);
  const tenants = useFoundTenants(sought, { limit: TENANTS_SHOWN, enabled: isUsed || text !== "" });
  const keys = useFoundKeys(sought, { limit: OTHERS_SHOWN, enabled: isUsed || text !== "" });
  const isAsked = shown.isOfAll && (isUsed || text !== "");
  const catalog = useQuery({ queryKey: ["catalog"], queryFn: () => api<Catalog>("catalog"), enabled: isAsked });
  const tiers = useQuery({
    queryKey: ["tiers"],
    queryFn: () => api<{ tiers: TierView[] }>("tiers"),
    enabled: isAsked,
  });
  // Results for fewer letters stay until the answer arrives, but Enter must not select one that does not match.
  const words = sought.toLowerCase().split(/\s+/);
  const fits = ({ name, slug }: { name: string; slug: string }) =>
    words.every((word) => `${name} ${slug}`.toLowerCase().includes(word));
  const known = {
    tenants: tenants.data?.tenants.filter(fits) ?? [],
    keys: keys.data?.keys ?? [],
    models: catalog.data?.models.map(({ slug }) => ({ slug, name: slug })) ?? [],
    providers: catalog.data?.providers ?? [],
    tiers: tiers.data?.tiers ?? [],
  };
  const entries = entriesFor(text, known, shown);
  // An answer may come after the last letter, and Enter takes the first match. A match that is chosen already stays.
  const ids = entries.map(({ id }) => id).join();
  useEffect(() => {
    if (text === "" || ids === "" || document.querySelector("[data-action][data-selected]") !== null) return;
    document.querySelector("[data-action]")?.setAttribute("data-selected", "true");
    store.updateState((state) => ({ ...state, selected: 0 }));
  }, [text, ids]);
  const actions = entries.map(({ href, ...entry }) => ({ ...entry, onClick: () => router.push(href) }));
  return (
    <Spotlight
      store={store}
      actions={actions}
      query={text}
      onQueryChange={setText}
      onSpotlightOpen={() => setIsUsed(true)}
      filter={(_query, all) => all}
      nothingFound="No results."
      shortcut={null}
      searchProps={{ placeholder: "A tenant, key, model, tier, page, or request id", "aria-label": PALETTE_LABEL }}
      scrollable
      maxHeight={420}
    />
  );
}

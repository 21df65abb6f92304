"use client";

import { Spotlight, spotlight } from "@mantine/spotlight";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { KeyView } from "@/lib/console/keys/keys";
import type { TenantView } from "@/lib/console/tenants/tenants";
import type { NavItem } from "../../nav";
import { useFoundKeys, useFoundTenants } from "../data/found";
import { readPasted } from "../forms/pasted";
import { soughtIn } from "../forms/sought";

/** Here, so that a page that opens it loads only the palette's code. */
export const openPalette = () => spotlight.open();

const TENANTS_SHOWN = 8;
const KEYS_SHOWN = 6;

/** What the operator may open and do. */
type Shown = { readonly pages: readonly NavItem[]; readonly canStop: boolean; readonly isOfAll: boolean };

/** Ctrl+K: finds pages, tenants, keys, a request id, and the brake from typed or pasted text. */
export function Palette(shown: Shown) {
  const router = useRouter();
  const [text, setText] = useState("");
  const [isUsed, setIsUsed] = useState(false);
  const sought = soughtIn(text);
  const tenants = useFoundTenants(sought, { limit: TENANTS_SHOWN, enabled: isUsed || text !== "" });
  const keys = useFoundKeys(sought, { limit: KEYS_SHOWN, enabled: isUsed || text !== "" });
  // Results for fewer letters stay until the answer arrives, but Enter must not select one that does not match.
  const words = sought.toLowerCase().split(/\s+/);
  const fits = ({ name, slug }: { name: string; slug: string }) =>
    words.every((word) => `${name} ${slug}`.toLowerCase().includes(word));
  const known = { tenants: tenants.data?.tenants.filter(fits) ?? [], keys: keys.data?.keys ?? [] };
  const entries = entriesFor(text, known, shown);
  const actions = entries.map(({ href, ...entry }) => ({ ...entry, onClick: () => router.push(href) }));
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

type Entry = { readonly id: string; readonly label: string; readonly description: string; readonly href: string };
type Known = { readonly tenants: readonly TenantView[]; readonly keys: readonly KeyView[] };

/** The matches: the call of a pasted id first, then tenants, keys, brakes and pages; "stop acme" has the brake first. */
function entriesFor(text: string, { tenants, keys }: Known, { pages, canStop, isOfAll }: Shown): Entry[] {
  const wanted = text.trim().toLowerCase();
  const has = (...words: string[]) => words.join(" ").toLowerCase().includes(wanted);
  // Results from the server; the previous text's results are shown until it answers.
  const found = tenants.slice(0, TENANTS_SHOWN);
  const ofKeys = wanted === "" ? [] : keys.slice(0, KEYS_SHOWN);
  const stopAll = { id: "stop", label: "Stop calls…", description: "set a brake", href: "/?stop=all" };
  const stops = [
    ...(canStop && isOfAll && has(stopAll.label, "brake", "kill") ? [stopAll] : []),
    ...(canStop && wanted !== "" ? found.map(stopOf) : []),
  ];
  // Enter takes the first match.
  const isStop = /^(stop|brake|kill)\b/.test(wanted);
  return [
    ...callIn(text),
    ...(isStop ? stops : []),
    ...found.map(({ slug, name }) => ({
      id: slug,
      label: name,
      description: `tenant ${slug}`,
      href: `/tenants/${slug}`,
    })),
    ...ofKeys.map(({ id, display, name, tenant }) => ({
      id,
      label: display,
      description: `key "${name}" of ${tenant}`,
      href: `/tenants/${tenant}`,
    })),
    ...(isStop ? [] : stops),
    ...pages
      .filter((page) => has(page.label))
      .map(({ href, label }) => ({
        id: href,
        label,
        description: "page",
        href,
      })),
  ];
}

function callIn(text: string): Entry[] {
  const { requestId } = readPasted(text);
  if (requestId === null) return [];
  const href = `/requests?id=${requestId}`;
  return [{ id: "call", label: `Explain ${requestId}`, description: "the call in the ledger", href }];
}

function stopOf({ slug, name }: TenantView): Entry {
  const description = "set a brake on the tenant";
  return { id: `stop ${slug}`, label: `Stop ${name}…`, description, href: `/?stop=${slug}` };
}

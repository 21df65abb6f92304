import type { KeyView } from "@/lib/console/keys/keys";
import type { TenantView } from "@/lib/console/tenants/tenants";
import type { NavItem } from "../../../nav";
import { readPasted } from "../../forms/pasted";
import { soughtIn } from "../../forms/sought";

export const TENANTS_SHOWN = 8;
export const OTHERS_SHOWN = 6;

export type Entry = {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly href: string;
};
/** What the operator may open and do. */
export type Shown = { readonly pages: readonly NavItem[]; readonly canStop: boolean; readonly isOfAll: boolean };

type Named = { readonly slug: string; readonly name: string };
/** What the server found for the typed text, and every model, provider and tier. */
export type Known = {
  readonly tenants: readonly Pick<TenantView, "slug" | "name">[];
  readonly keys: readonly Pick<KeyView, "id" | "display" | "name" | "tenant">[];
  readonly models: readonly Named[];
  readonly providers: readonly Named[];
  readonly tiers: readonly Named[];
};

/** The matches: the call of a pasted id first, then tenants, keys, other objects, brakes and pages; "stop acme" has the brake first. */
export function entriesFor(text: string, known: Known, { pages, canStop, isOfAll }: Shown): Entry[] {
  const wanted = text.trim().toLowerCase();
  const has = (...words: string[]) => words.join(" ").toLowerCase().includes(wanted);
  // Results from the server; the previous text's results are shown until it answers.
  const tenants = known.tenants.slice(0, TENANTS_SHOWN);
  const keys = wanted === "" ? [] : known.keys.slice(0, OTHERS_SHOWN);
  const models = matching(known.models, text);
  const providers = matching(known.providers, text);
  const stopAll = { id: "stop", label: "Stop calls…", description: "set a brake", href: "/?stop=all" };
  const stops = [
    ...(isOfAll && has(stopAll.label, "brake", "kill") ? [stopAll] : []),
    ...(wanted === "" ? [] : tenants.map(({ slug, name }) => stopOf("tenant", slug, name))),
    ...models.map(({ slug, name }) => stopOf("model", slug, name)),
    ...providers.map(({ slug, name }) => stopOf("provider", slug, name)),
    ...keys.map(({ id, name }) => stopOf("key", id, name)),
  ].filter(() => canStop);
  // Enter takes the first match.
  const isStop = /^(stop|brake|kill)\b/.test(wanted);
  return [
    ...callIn(text),
    ...(isStop ? stops : []),
    ...tenants.map(({ slug, name }) => entry(`tenant ${slug}`, name, `tenant ${slug}`, `/tenants/${slug}`)),
    ...keys.map(({ id, display, name, tenant }) =>
      entry(`key ${id}`, display, `key "${name}" of ${tenant}`, `/tenants/${tenant}`),
    ),
    ...models.map(({ slug, name }) =>
      entry(`model ${slug}`, name, "model", `/requests/log?model=${encodeURIComponent(slug)}`),
    ),
    ...providers.map(({ slug, name }) => entry(`provider ${slug}`, name, "provider", "/providers")),
    ...matching(known.tiers, text).map(({ slug, name }) => entry(`tier ${slug}`, name, "tier", `/tiers/${slug}`)),
    ...(isStop ? [] : stops),
    ...pages.filter((page) => has(page.label)).map(({ href, label }) => entry(href, label, "page", href)),
  ];
}

function entry(id: string, label: string, description: string, href: string): Entry {
  return { id, label, description, href };
}

/** Those whose name or slug has every typed word; none without words. */
function matching(all: readonly Named[], text: string): readonly Named[] {
  const words = soughtIn(text).toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const fits = ({ slug, name }: Named) => words.every((word) => `${name} ${slug}`.toLowerCase().includes(word));
  return all.filter(fits).slice(0, OTHERS_SHOWN);
}

function callIn(text: string): Entry[] {
  const { requestId } = readPasted(text);
  if (requestId === null) return [];
  const href = `/requests?id=${requestId}`;
  return [{ id: "call", label: `Explain ${requestId}`, description: "the call in the ledger", href }];
}

function stopOf(kind: "tenant" | "model" | "provider" | "key", name: string, called: string): Entry {
  const href = `/?${new URLSearchParams({ stop: `${kind}:${name}` })}`;
  return entry(`stop ${kind} ${name}`, `Stop ${called}…`, `set a brake on the ${kind}`, href);
}

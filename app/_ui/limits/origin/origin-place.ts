/** Where a limit's number was set, read from the API's words: "tier free", "override for acme-*", "everyone", "budget monthly". */
export type OriginPlace = {
  readonly kind: "tier" | "override" | "everyone" | "budget" | "other";
  /** the slug, or the pattern; empty for everyone */
  readonly of: string;
  /** the page on which it is changed; null = there is none */
  readonly href: string | null;
};

export function originPlace(from: string): OriginPlace {
  if (from === "everyone") return { kind: "everyone", of: "", href: "/everyone" };
  const [, word = "", of = ""] = /^(tier|override for|budget) (.+)$/.exec(from) ?? [];
  switch (word) {
    case "tier":
      return { kind: "tier", of, href: `/tiers/${encodeURIComponent(of)}` };
    case "override for":
      // A pattern names no tenant.
      return { kind: "override", of, href: of.includes("*") ? "/tiers" : `/tenants/${encodeURIComponent(of)}` };
    case "budget":
      return { kind: "budget", of, href: "/spend" };
    default:
      return { kind: "other", of: from, href: null };
  }
}

import type { DeniedView } from "@/lib/console/records/explain";

export type Advice = { readonly words: string; readonly href: string; readonly label: string };

/** Why a call was answered before any limit was checked, and the page on which that can be changed. */
export function deniedAdvice({ code, tenant, keyId }: Pick<DeniedView, "code" | "tenant" | "keyId">): Advice {
  const isKnown = tenant !== null && keyId !== null;
  const key = {
    href: isKnown ? `/keys?find=${encodeURIComponent(keyId)}` : "/keys",
    label: isKnown ? "Open the key" : "Open the keys",
  };
  const log = {
    href: `/requests/log?${new URLSearchParams({ outcome: code, ...(isKnown ? { key: keyId } : {}) })}`,
    label: "Show all such calls",
  };
  switch (code) {
    case "missing_api_key":
      return { words: "The call carried no API key.", ...log };
    case "invalid_api_key":
      return isKnown
        ? { words: "The key was revoked or replaced, or its secret is not the one that was issued.", ...key }
        : { words: "No key of this installation was sent.", ...log };
    case "key_expired":
      return { words: "The key has expired. Set a later expiry, or create another key.", ...key };
    case "ip_not_allowed":
      return { words: "The key may be used from other addresses only.", ...key };
    case "model_not_allowed":
      return { words: "The key may not call this model.", ...key };
    case "endpoint_not_allowed":
      return { words: "The key may not call this endpoint.", ...key };
    case "tenant_suspended":
      return {
        words: "The tenant is suspended. Its calls are denied until it is resumed.",
        href: tenant === null ? "/tenants" : `/tenants/${tenant}`,
        label: "Open the tenant",
      };
    case "model_not_found":
      return { words: "No model has this name.", href: "/catalog", label: "Open the models" };
    case "model_not_priced":
      return {
        words: "The model has no price, so its calls cannot be charged.",
        href: "/prices",
        label: "Open the prices",
      };
    default:
      return { words: "The request itself could not be served. The caller's error names the field.", ...log };
  }
}

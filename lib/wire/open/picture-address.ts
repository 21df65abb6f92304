import ipaddr from "ipaddr.js";
import { isPublicAddress } from "@/lib/network";

/**
 * Whether a provider may be asked to fetch a picture there: an inline picture or a public address. Otherwise a provider
 * in our own network would read internal addresses for a caller.
 */
export function isPictureAddress(text: string): boolean {
  if (text.startsWith("data:")) return text.startsWith("data:image/");
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  return isPublicPlace(new URL(text));
}

/** Schemes by which a server of ours could be reached. */
const REACHING: ReadonlySet<string> = new Set(["http:", "https:", "ftp:", "ws:", "wss:"]);

/**
 * Whether an address leads into our own network, wherever a body names it. Ids, inline data and places in a provider's
 * own stores do not.
 */
export function isInnerAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === "file:" || (REACHING.has(url.protocol) && !isPublicPlace(url));
}

function isPublicPlace({ hostname, username, password }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (username !== "" || password !== "" || host === "localhost" || !/[.:]/.test(host)) return false;
  if (/\.(localhost|local|internal|home\.arpa)$/i.test(host)) return false;
  return !ipaddr.isValid(host) || isPublicAddress(host);
}

import ipaddr from "ipaddr.js";
import { isPublicAddress } from "@/lib/network";

/**
 * Whether a provider may be asked to fetch a picture there: an inline picture or a public address. Otherwise a provider
 * in our own network would read internal addresses for a caller.
 */
export function isPictureAddress(text: string): boolean {
  if (text.startsWith("data:")) return text.startsWith("data:image/");
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { hostname, username, password } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (username !== "" || password !== "" || host === "localhost" || !/[.:]/.test(host)) return false;
  if (/\.(localhost|local|internal|home\.arpa)$/i.test(host)) return false;
  return !ipaddr.isValid(host) || isPublicAddress(host);
}

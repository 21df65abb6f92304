import ipaddr from "ipaddr.js";
import { isPublicAddress } from "@/lib/network";

/**
 * Whether a provider may be asked to fetch a picture there: an inline picture or a public address. Otherwise a provider
 * in our own network would read internal addresses for a caller.
 */
export function isPictureAddress(text: string): boolean {
  if (text.startsWith("data:")) return text.startsWith("data:image/");
  return /^https?:\/\//i.test(text) && placeOf(text) === "public";
}

/** Schemes by which a server of ours could be reached. */
const REACHING: ReadonlySet<string> = new Set(["http", "https", "ftp", "ws", "wss"]);
const SCHEME = /^([a-z][a-z\d+.-]{0,15}):/i;
/** Longer than any host with its port. */
const AUTHORITY_CHARS_MAX = 512;
/** A name whose last label is no number: it needs no parser, and a body may have 40,000 of them. */
const PLAIN_NAME = /^(?:[a-z\d_-]{1,63}\.){1,126}[a-z][a-z\d-]{0,62}(?::\d{1,4})?$/i;
const INNER_NAME = /\.(?:localhost|local|internal|home\.arpa)(?::\d*)?$/i;
/** Names that anybody looks up have none of these, so a text with one is no address. */
const NEVER_IN_HOSTS = /[^\w.:[\]%@\u0080-\uffff-]/;
/** As it comes, or encoded. */
const BEYOND_ASCII = /[\u0080-\uffff%]/;

/**
 * Where an address leads, wherever a body names it: "inner" is our own network. Ids, inline data and places in a provider's
 * own stores are elsewhere.
 *
 * Reads the scheme and the host only. A URL parser maps letters beyond ASCII one by one: a host of four megabytes would
 * stop the process for seconds. So hosts beyond ASCII are refused, as clients send them as `xn--…`.
 */
export function placeOf(text: string): "public" | "inner" | "elsewhere" {
  const flat = flattened(text);
  const scheme = SCHEME.exec(flat)?.[1];
  if (scheme === undefined) return "elsewhere";
  if (/^file$/i.test(scheme)) return "inner";
  if (!REACHING.has(scheme.toLowerCase())) return "elsewhere";
  const rest = flat.slice(scheme.length + 1);
  const from = rest.search(/[^/\\]/);
  const length = from < 0 ? 0 : rest.slice(from).search(/[/\\?#]/);
  const authority = from < 0 ? "" : rest.slice(from, length < 0 ? undefined : from + length);
  const isOdd = NEVER_IN_HOSTS.test(authority);
  if (authority.length > AUTHORITY_CHARS_MAX || BEYOND_ASCII.test(authority)) return isOdd ? "elsewhere" : "inner";
  if (authority.includes("@")) return "inner";
  if (isOdd) return "elsewhere";
  if (PLAIN_NAME.test(authority)) return INNER_NAME.test(authority) ? "inner" : "public";
  const address = `${scheme}://${authority}/`;
  if (!URL.canParse(address)) return "elsewhere";
  return isPublicPlace(new URL(address)) ? "public" : "inner";
}

/** As parsers of URLs read it: without control characters and blanks at its ends, and without breaks at any place. */
function flattened(text: string): string {
  const isIgnored = (at: number) => text.charCodeAt(at) <= BLANK;
  let start = 0;
  let end = text.length;
  while (start < end && isIgnored(start)) start += 1;
  while (end > start && isIgnored(end - 1)) end -= 1;
  return text.slice(start, end).replace(/[\t\n\r]/g, "");
}

const BLANK = 32;

function isPublicPlace({ hostname, username, password }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (username !== "" || password !== "" || host === "localhost" || !/[.:]/.test(host)) return false;
  if (INNER_NAME.test(host)) return false;
  return !ipaddr.isValid(host) || isPublicAddress(host);
}

/**
 * First path segments that OpenAI, Anthropic and Spillway serve below `/v1`. No console page has one of these names.
 */
const RESOURCES: ReadonlySet<string> = new Set([
  ...["chat", "completions", "responses", "embeddings", "messages", "models", "quota", "refusals", "moderations"],
  ...["images", "audio", "rerank", "files", "batches", "conversations", "realtime", "complete"],
]);
/** Prefixes under which other vendors and gateways serve the same API. */
const PREFIX = /^\/(?:openai|anthropic|api)(?=\/[a-z])/;
const VERSION = /^(?:\/v1)+(?=\/|$)/;

/**
 * The canonical path of an API call that was sent to a variant: a base URL with or without `/v1`, with a trailing
 * slash, a vendor's prefix, or a slash after the resource. Null = the path is canonical already, or not part of the
 * API. An empty segment is kept, because proxies disagree about it.
 */
export function apiPath(path: string): string | null {
  if (path.includes("//")) return null;
  const unprefixed = path.replace(PREFIX, "");
  const isVersioned = VERSION.test(unprefixed);
  const rest = unprefixed.replace(VERSION, "").replace(/\/$/, "");
  const [, resource = ""] = rest.split("/");
  // Our own routes are below /api, such as /api/chat. Only a version segment marks another vendor's path.
  const isOurs = path.startsWith("/api/") && !isVersioned;
  if (isOurs || (!isVersioned && !RESOURCES.has(resource))) return null;
  const plain = `/v1${rest}`;
  return plain === path ? null : plain;
}

/** The console's own routes and files. */
const CONSOLES = /^\/(?:api\/(?:admin|auth|cron|metrics)|_next|__nextjs[\w-]*)(?:\/|$)/;

/**
 * Whether a request to an unknown path comes from a program and should get an API error instead of a page. Browsers ask
 * for pages; a proxy in front of the console may add a credential to their requests.
 */
export function meansApi(path: string, method: string, header: (name: string) => string | undefined): boolean {
  if (CONSOLES.test(path)) return false;
  // No page is below /api, so a browser too gets an error that says what is wrong.
  if (/^\/api(?:\/|$)/.test(path)) return true;
  if (method !== "GET" && method !== "HEAD") return true;
  const isKeyed = header("x-api-key") !== undefined || /^bearer /i.test(header("authorization") ?? "");
  return isKeyed && !(header("accept") ?? "").includes("text/html");
}

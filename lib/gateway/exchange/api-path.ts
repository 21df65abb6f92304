/** The first segments of what OpenAI, Anthropic and we serve below `/v1`. No page of the console has one of these names. */
const RESOURCES: ReadonlySet<string> = new Set([
  ...["chat", "completions", "responses", "embeddings", "messages", "models", "quota", "refusals", "moderations"],
  ...["images", "audio", "rerank", "files", "batches", "conversations", "realtime", "complete"],
]);
/** Under these, other vendors and gateways have the same API. */
const PREFIX = /^\/(?:openai|anthropic|api)(?=\/[a-z])/;
const VERSION = /^(?:\/v1)+(?=\/|$)/;

/**
 * The one path of an API call that was sent to another form of it: a base URL with or without `/v1` or with a slash at its
 * end, a vendor's prefix, a slash after the resource. Null = the path is in its one form, or none of the API's. An empty
 * segment stays what it is, as proxies that judge paths disagree about it.
 */
export function apiPath(path: string): string | null {
  if (path.includes("//")) return null;
  const unprefixed = path.replace(PREFIX, "");
  const isVersioned = VERSION.test(unprefixed);
  const rest = unprefixed.replace(VERSION, "").replace(/\/$/, "");
  const [, resource = ""] = rest.split("/");
  // Below /api stand our own routes, such as /api/chat: only a version makes it another's.
  const isOurs = path.startsWith("/api/") && !isVersioned;
  if (isOurs || (!isVersioned && !RESOURCES.has(resource))) return null;
  const plain = `/v1${rest}`;
  return plain === path ? null : plain;
}

/**
 * Whether somebody means the API at a path where nothing of it is: a program is answered as one, not with a page. Browsers
 * say that they want pages; a proxy before the console may add a credential to what they send.
 */
export function meansApi(path: string, method: string, header: (name: string) => string | undefined): boolean {
  if (/^\/(?:api|_next|__nextjs[\w-]*)(?:\/|$)/.test(path)) return false;
  if (method !== "GET" && method !== "HEAD") return true;
  const isKeyed = header("x-api-key") !== undefined || /^bearer /i.test(header("authorization") ?? "");
  return isKeyed && !(header("accept") ?? "").includes("text/html");
}

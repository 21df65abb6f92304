import type { Judged } from "@/lib/gateway/exchange/bare-host";
import type { Door } from "../door";
import { clientAddress } from "../net/client-address";
import { guardedAt } from "../net/front-door";
import { type EarlyRefusal, HEADER_LINES_MAX, hostJudge, isPlainPath, pathOf, TARGET_CHARS_MAX } from "../net/guard";

/**
 * The checks of our own server before a request is read, for hosts that allow no such server: path, host, headers, the
 * client's address, attempts at sign-in and the admin API. The host has parsed the request, so it must check what only
 * the bytes show (a header sent twice, the pace of a body).
 */
export function makeJudge({ env, attempts }: Pick<Door, "env" | "attempts">): (request: Request) => Promise<Judged> {
  const isOwnHost = hostJudge([...env.allowedHosts, env.host.toLowerCase(), new URL(env.publicUrl).hostname]);
  return async (request) => {
    const path = pathOf(new URL(request.url).pathname);
    const refused = faultOf(request, path, isOwnHost);
    if (refused !== null) return { kind: "refused", answer: answerOf(refused) };
    const forwardedFor = request.headers.get("x-forwarded-for") ?? undefined;
    const trust = { hops: env.trustedHops, isProxy: null };
    const address = clientAddress({ peer: undefined, forwardedFor, trust });
    const blockedMs = await blockedFor(attempts, path, address);
    if (blockedMs > 0) return { kind: "refused", answer: answerOf(tooMany(blockedMs)) };
    return { kind: "passed", address };
  };
}

function faultOf(request: Request, path: string, isOwnHost: (host: string) => boolean): EarlyRefusal | null {
  if (request.url.length > TARGET_CHARS_MAX)
    return { status: 414, code: "target_too_long", message: "The request target is too long." };
  if (!isPlainPath(path)) return { status: 404, code: "not_found", message: "Not found." };
  if ([...request.headers.keys()].length > HEADER_LINES_MAX)
    return { status: 431, code: "too_many_headers", message: `More than ${HEADER_LINES_MAX} header lines.` };
  const host = (request.headers.get("host") ?? "").toLowerCase().replace(/:\d{1,5}$/, "");
  if (isOwnHost(host.replace(/^\[(.*)\]$/, "$1"))) return null;
  const message = "This server does not serve that host. Add it to ALLOWED_HOSTS.";
  return { status: 421, code: "unknown_host", message };
}

async function blockedFor(attempts: Door["attempts"], path: string, address: string): Promise<number> {
  const what = guardedAt(path);
  return what === null ? 0 : attempts.blockedMs(what, address) || attempts.count(what, address);
}

const MS_PER_SECOND = 1000;

function tooMany(blockedMs: number): EarlyRefusal {
  const seconds = Math.max(1, Math.ceil(blockedMs / MS_PER_SECOND));
  const message = `Too many attempts from this address. Please try again in ${seconds}s.`;
  return { status: 429, code: "too_many_attempts", message, headers: { "retry-after": String(seconds) } };
}

function answerOf({ status, code, message, headers }: EarlyRefusal): Response {
  const error = { message, type: "invalid_request_error", param: null, code };
  const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
  return Response.json({ error }, { status, headers: { ...always, ...headers } });
}

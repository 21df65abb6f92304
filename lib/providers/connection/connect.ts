import { Agent, type Dispatcher, request } from "undici";
import { z } from "zod";
import { asPublicError } from "@/lib/errors";
import { publicLookup } from "../address-guard";
import { placeOf } from "../forward";

const CONNECT_MS = 5000;
const ANSWER_MS = 10_000;
/** A provider lists a few hundred models; a longer answer is no such list. */
const BYTES_MAX = 1024 * 1024;
const MODELS_MAX = 1000;

/** A provider's answer to a free question: its list of models. */
export type Connection =
  | { readonly outcome: "accepted"; readonly status: number; readonly ms: number; readonly models: readonly string[] }
  /** It is reachable, but it lists no models, so it is unknown whether it accepts the credential. */
  | { readonly outcome: "answered"; readonly status: number; readonly ms: number }
  | { readonly outcome: "rejected"; readonly status: number; readonly ms: number }
  | { readonly outcome: "unreachable"; readonly detail: string };

export type Connect = (target: {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowLocal: boolean;
}) => Promise<Connection>;

/** Asks a provider once for its list of models. Never throws; its connections are closed before it answers. */
export const connect: Connect = async ({ baseUrl, headers, allowLocal }) => {
  const lookup = allowLocal ? {} : { lookup: publicLookup };
  const dispatcher = new Agent({ connect: { timeout: CONNECT_MS, ...lookup } });
  try {
    const { origin, basePath } = placeOf({ baseUrl, headers, allowLocal });
    return await ask({ url: `${origin}${basePath}/models`, headers, dispatcher });
  } catch (thrown) {
    return { outcome: "unreachable", detail: wordsOf(thrown) };
  } finally {
    await dispatcher.destroy();
  }
};

async function ask({ url, headers, dispatcher }: Asked): Promise<Connection> {
  const began = performance.now();
  const answer = await request(url, {
    dispatcher,
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
    headers: { ...headers, accept: "application/json" },
    signal: AbortSignal.timeout(CONNECT_MS + ANSWER_MS),
  });
  const text = await beginningOf(answer.body);
  const [status, ms] = [answer.statusCode, Math.round(performance.now() - began)];
  if (status === 401 || status === 403) return { outcome: "rejected", status, ms };
  const models = status === 200 ? modelsIn(text) : null;
  return models === null ? { outcome: "answered", status, ms } : { outcome: "accepted", status, ms, models };
}

type Asked = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
};

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const collected: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    collected.push(chunk);
    size += chunk.byteLength;
    if (size > BYTES_MAX) break;
  }
  return Buffer.concat(collected).toString("utf8");
}

const list = z.object({ data: z.array(z.object({ id: z.string().min(1).max(200) })) });

/** The names in a list of models in both dialects' form; null = it is no such list. */
export function modelsIn(text: string): readonly string[] | null {
  try {
    const read = list.safeParse(JSON.parse(text));
    return read.success ? read.data.data.slice(0, MODELS_MAX).map(({ id }) => id) : null;
  } catch {
    // Not JSON: some other page answers there.
    return null;
  }
}

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at this address",
  ECONNRESET: "the connection was closed before an answer",
  UND_ERR_SOCKET: "the connection was closed before an answer",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name cannot be resolved now",
  UND_ERR_CONNECT_TIMEOUT: `no connection within ${CONNECT_MS / 1000} s`,
  UND_ERR_HEADERS_TIMEOUT: `no answer within ${ANSWER_MS / 1000} s`,
  UND_ERR_BODY_TIMEOUT: `the answer stopped for ${ANSWER_MS / 1000} s`,
  ABORT_ERR: `no answer within ${(CONNECT_MS + ANSWER_MS) / 1000} s`,
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

/** Never the text of a foreign error, which may contain what the operator must not see. */
function wordsOf(thrown: unknown): string {
  const known = asPublicError(thrown);
  if (known !== null) return known.message;
  if (!(thrown instanceof Error)) return "it cannot be reached";
  if (thrown.message === "the provider's host is not public") return "its address is not public: allow local addresses";
  if (thrown.name === "TimeoutError") return CODES.ABORT_ERR ?? "";
  const code = "code" in thrown ? String(thrown.code) : "";
  return CODES[code] ?? "it cannot be reached";
}

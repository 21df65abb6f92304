import type { Forwarded } from "@/lib/providers/forward";
import type { Reply } from "../exchange/exchange";
import type { OpenCall } from "../running/open-call";
import { silent, stopOf } from "../running/provider-failure";
import { paced } from "../upstream/paced";

type Raw = {
  readonly open: OpenCall;
  readonly upstream: Forwarded;
  readonly idleMs: number;
  readonly headers: Record<string, string>;
  readonly done: () => void;
  /** settles the call if these chunks are never read */
  readonly unread: (chunks: AsyncGenerator<Uint8Array>) => AsyncIterable<Uint8Array>;
};

/**
 * An answer of any type and length, such as the content of a file. Each chunk passes unchanged and unbuffered. Such
 * bytes cannot carry an error, so a broken answer closes the connection early.
 */
export function rawReply(raw: Raw): Reply {
  const { open, upstream, headers, unread } = raw;
  open.begun(upstream.status, () => null);
  headers["content-type"] = "application/octet-stream";
  return { status: 200, headers, body: unread(passing(raw)) };
}

async function* passing({ open, upstream, idleMs, done }: Raw): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of paced(upstream.body, { idleMs, onIdle: silent(open) })) if (chunk !== null) yield chunk;
    await open.finish("complete", true);
  } catch (error) {
    await open.finish(stopOf(open)?.ending ?? "upstream_cut", true);
    throw error;
  } finally {
    upstream.body.destroy();
    await open.finish("client_abort", true);
    done();
  }
}

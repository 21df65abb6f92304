import type { Clock } from "@/lib/clock";
import type { PublicError } from "@/lib/errors";
import type { Provider } from "@/lib/providers/catalog";
import type { Forwarded } from "@/lib/providers/forward";
import { secretsIn } from "@/lib/providers/presets/provider-key";
import type { Call } from "@/lib/wire/call";
import { dialectOfEndpoint } from "@/lib/wire/dialect";
import { type Said, saidIn } from "@/lib/wire/faults/said";
import { toldFailure } from "@/lib/wire/faults/told";
import { parseJson } from "@/lib/wire/json/object";
import type { Candidate } from "../attempt/candidates";
import { paced } from "../upstream/paced";
import { timedOut } from "./early-ends";
import type { OpenCall, Stop } from "./open-call";

/** A call whose provider answered with an error, or not at all. */
type Failing = {
  readonly tools: { readonly clock: Clock; readonly credentialOf: (provider: Provider) => string | null };
  readonly call: Call;
  readonly candidate: Candidate;
  readonly open: OpenCall;
};

const ERROR_CHARS_MAX = 1024 * 1024;
const ERROR_TEXT_MS = 2000;
const PLAIN_CHARS_MAX = 500;

/** A provider's error as the caller sees it. */
export async function upstreamRefusal(upstream: Forwarded, input: Failing): Promise<PublicError> {
  const { open } = input;
  open.begun(upstream.status, () => null);
  const text = await readText(upstream, open);
  upstream.body.destroy();
  await open.finish("upstream_refused", false);
  const json = parseJson(text);
  const said = json === undefined ? plainWords(text) : saidIn(json, true);
  return failureOf(input, { status: upstream.status, said, header: upstream.header });
}

/** The provider's error text in the caller's dialect. */
export function failureOf(
  { tools, call, candidate }: Failing,
  failure: { status: number; said: Said | null; header: Forwarded["header"] },
): PublicError {
  const { provider } = candidate.model;
  const isAnthropic = dialectOfEndpoint(call.endpoint) === "anthropic";
  return toldFailure({
    ...failure,
    nowMs: tools.clock.now(),
    secrets: secretsIn(provider, tools.credentialOf(provider)),
    isSameDialect: isAnthropic === (provider.dialect === "anthropic"),
  });
}

/** Ends a call whose provider sends nothing. */
export function silent(open: OpenCall): () => void {
  return () => open.stop(timedOut("The provider stopped sending."));
}

/** Why the call was stopped; null = not stopped. */
export function stopOf(open: OpenCall): Stop | null {
  return open.signal.reason ?? null;
}

async function readText(upstream: Forwarded, open: OpenCall): Promise<string> {
  let text = "";
  try {
    for await (const chunk of paced(upstream.body, { idleMs: ERROR_TEXT_MS, onIdle: silent(open) })) {
      text += Buffer.from(chunk ?? []).toString("utf8");
      if (text.length > ERROR_CHARS_MAX) break;
    }
  } catch {
    // A missing error text does not change the answer.
  }
  return text;
}

/** The error as plain text; HTML pages are dropped. */
function plainWords(text: string): Said | null {
  const words = text.trim();
  return words.startsWith("<") ? null : saidIn(words.slice(0, PLAIN_CHARS_MAX), true);
}

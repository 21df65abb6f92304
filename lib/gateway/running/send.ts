import { PublicError } from "@/lib/errors";
import { capField, type Provider, targetOf } from "@/lib/providers/catalog";
import { textOf as bodyText, type Forward, type Forwarded, isAnswered, replayed } from "@/lib/providers/forward";
import { placedCall } from "@/lib/providers/presets/placed-call";
import { presetOf } from "@/lib/providers/presets/presets.shared";
import type { Prove } from "@/lib/providers/presets/proofs";
import type { Call } from "@/lib/wire/call";
import { textOf } from "@/lib/wire/json/object";
import { rawBody, writtenBody } from "@/lib/wire/json/raw-body";
import { isSameDialect } from "@/lib/wire/open/passed-headers";
import { traceContext } from "@/lib/wire/open/trace-context";
import { refusesUsage } from "@/lib/wire/openai/refuses-usage";
import { asOther } from "@/lib/wire/others/endpoints";
import { formWith } from "@/lib/wire/others/form-body";
import { isPlainTranscript } from "@/lib/wire/others/meter-other";
import type { Candidate } from "../attempt/candidates";
import type { Bounds } from "../bounds/bounds";
import { type Exchange, putHeaders } from "../exchange/exchange";
import { type Waits, waitsFor } from "../upstream/waits";
import type { OpenCall } from "./open-call";

export type SendTools = {
  readonly simulatorUrl: string | null;
  readonly credentialOf: (provider: Provider) => string | null;
  readonly prove: Prove;
  readonly upstream: Waits;
  readonly bounds: Bounds;
  readonly forward: Forward;
  /** Providers that refuse to be asked for usage on streams. */
  readonly withoutUsage: Set<string>;
};

/** Sends an admitted call to its provider, in the provider's dialect. */
export function sending(
  tools: SendTools,
  { exchange, call, candidate }: { readonly exchange: Exchange; readonly call: Call; readonly candidate: Candidate },
): (open: OpenCall) => Promise<Forwarded> {
  const { model, pair, outputTokensEach, serviceTier } = candidate;
  return (open) => {
    const { provider } = model;
    const target = targetOf(provider, tools.simulatorUrl, tools.credentialOf);
    if (target === null) throw new PublicError("upstream_error", "The simulator does not run in this process.");
    const body = pair.body({
      call,
      asksUsage: !tools.withoutUsage.has(provider.id),
      upstreamModel: model.upstreamName,
      maxOutputTokens: outputTokensEach,
      capField: capField(provider),
      continuousUsage: provider.continuousUsage,
    });
    // A tier that the caller named is already in the body or was translated.
    if (serviceTier !== call.asks.serviceTier && serviceTier !== null) body.service_tier = serviceTier;
    const isSame = isSameDialect(call.endpoint, provider.dialect);
    const headers: Record<string, string> = {};
    putHeaders(headers, target.headers);
    putHeaders(headers, traceContext(exchange.header));
    if (isSame) putHeaders(headers, call.headers ?? {});
    const { headersMs } = waitsFor(tools.upstream, provider, call.stream);
    const { requestId } = open.intent;
    const { stream, at } = call;
    const rare = {
      ...(asOther(call.endpoint) === null && at === undefined ? {} : { accept: "*/*" }),
      ...(call.form === undefined ? {} : { contentType: call.form.contentType }),
    };
    const prove = tools.prove(provider, tools.credentialOf(provider));
    const query = isSame ? (call.query ?? "") : "";
    const { method = "POST" } = at ?? {};
    const style = presetOf(provider.preset)?.path ?? "plain";
    const { baseUrl, allowLocal } = target;
    const { upstreamName: upstreamModel } = model;
    return forwardWithUsage(tools, provider.id, body, (sent) =>
      tools.bounds.inTurn(exchange, async () => {
        const asked = { path: at?.path ?? pair.path, query, upstreamModel, stream, body: sent };
        const { path, body: placed } = placedCall(style, provider.baseUrl, asked);
        const bytes = encoded({ call, isSame, isStrict: provider.strict }, placed);
        const proof = prove === null ? {} : await prove({ method, url: new URL(`${baseUrl}${path}`), body: bytes });
        return tools.forward({
          requestId,
          headersMs,
          signal: open.signal,
          onSent: () => open.sent(),
          target: { baseUrl, headers: prove === null ? headers : { ...headers, ...proof }, allowLocal },
          method,
          path,
          body: bytes,
          ...rare,
        });
      }),
    );
  };
}

/** The bytes to send: the caller's own if both dialects are the same. */
function encoded(
  { call, isSame, isStrict }: { call: Call; isSame: boolean; isStrict: boolean },
  after: Record<string, unknown>,
): Uint8Array {
  const { source, form, at } = call;
  if (at !== undefined && source === undefined) return new Uint8Array();
  if (form !== undefined && source !== undefined) {
    const format = isPlainTranscript(call) ? { response_format: "json" } : {};
    return formWith(source, form, { ...format, model: textOf(after.model) });
  }
  return isSame && source !== undefined
    ? rawBody({ source, before: call.body, after, keepsNulls: !isStrict })
    : writtenBody(after);
}

/**
 * Some compatible servers refuse a request for usage on streams. Then the call is sent again without it. If that works,
 * later calls leave it out too. Their streams are metered by the text that arrives.
 */
async function forwardWithUsage(
  { withoutUsage }: Pick<SendTools, "withoutUsage">,
  providerId: string,
  body: Record<string, unknown>,
  forward: (body: Record<string, unknown>) => Promise<Forwarded>,
): Promise<Forwarded> {
  const answer = await forward(body);
  if (answer.status !== 400 || body.stream_options === undefined) return answer;
  const text = await bodyText(answer);
  if (!refusesUsage(text)) return { ...answer, body: replayed(text) };
  const { stream_options: _options, ...rest } = body;
  const again = await forward(rest);
  // Remembered only if it helped. Otherwise one faulty call would leave all others unmetered.
  if (isAnswered(again.status)) withoutUsage.add(providerId);
  return again;
}

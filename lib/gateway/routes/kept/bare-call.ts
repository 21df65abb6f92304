import { asksOf } from "@/lib/wire/asks";
import type { Call } from "@/lib/wire/call";
import { passedHeaders, passedQuery } from "@/lib/wire/open/passed-headers";
import type { Exchange } from "../../exchange/exchange";

/** A call about an object that a provider stores, without a body: free of charge, not streamed, one request. */
export function bareCall(
  exchange: Exchange,
  { endpoint, model, at }: { endpoint: Call["endpoint"]; model: string; at: NonNullable<Call["at"]> },
): Call {
  return {
    endpoint,
    model,
    stream: false,
    wantsUsage: true,
    maxOutputTokens: 0,
    choices: 1,
    user: null,
    inputTexts: [],
    messageCount: 0,
    imageCount: 0,
    asks: asksOf({}),
    body: {},
    at,
    headers: passedHeaders(exchange.headers()),
    query: passedQuery(exchange.query),
  };
}

/** https://www.w3.org/TR/trace-context/: version, trace id, parent id, flags; a later version may add more. */
const PARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
const STATE = /^[\x20-\x7e]{1,512}$/;
const PARENT_CHARS_MAX = 256;

/**
 * A caller's trace context, for the provider's own traces: in any dialect, unchanged, as the specification allows for a
 * party that takes no part in the trace. An invalid one is dropped whole. `baggage` stays here: it may name the user.
 */
export function traceContext(header: (name: string) => string | undefined): Record<string, string> {
  const parent = header("traceparent");
  if (parent === undefined) return {};
  const [, version, more] = PARENT.exec(parent) ?? [];
  if (version === undefined || parent.length > PARENT_CHARS_MAX || (version === "00" && more !== undefined)) return {};
  const state = header("tracestate") ?? "";
  return { traceparent: parent, ...(STATE.test(state) ? { tracestate: state } : {}) };
}

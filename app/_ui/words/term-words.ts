/** What a page's words mean, as in docs/glossary.md; a test compares them. */
export const TERMS = {
  brake: "an operator's kill switch: scope, mode, reason, expiry",
  "cost class": "S, M, L or XL: how heavy the calls of a feature are",
  drift: "how much a counter, without reservations, differs from the ledger",
  drill: "a brake on a key that does not exist: it measures the time until every process enforces it",
  headroom: "how much more a provider's own limits allow, by Spillway's count",
  ladder: "a tier's list of candidates, tried in order before a call is refused",
  ledger: "one row per call that was sent to a provider. Append-only",
  override: "another capacity for one tenant or key, with a reason and an optional expiry",
  p95: "95 of 100 values are at most this one",
  reservation: "the amount held from admission to settlement",
} as const;
export type TermName = keyof typeof TERMS;

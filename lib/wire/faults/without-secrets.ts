/** What looks like a key, an account or a person in a provider's message. These are removed, other words pass. */
const SECRETS: readonly RegExp[] = [
  // Keys by their prefixes, also partly masked with stars.
  /\b(?:sk|pk|rk|gsk|xai|key|api[-_]?key|ghp|hf|sw|pplx|fw|nvapi|r8|AKIA|ASIA|AIza|ya29)[-_.]?[\w*.-]{12,}/gi,
  /\b(?:bearer|basic)\s+[\w.~+/*=-]{8,}/gi,
  /\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]+)?/g,
  /\b(?:api[-_ ]?key|(?:access|auth|api|refresh)[-_ ]token|secret|password|authorization|credential)s?(?:\s+provided)?\s*[:=]\s*["']?[^\s"',;]{4,}/gi,
  // Names of accounts.
  /\b(?:org|proj|acct|cus)[-_][\w-]{3,}/gi,
  /\b(?:organization|project|account|user|team|workspace|tenant|subscription)[-_](?=[\w-]*\d)[\w-]{3,}/gi,
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
  /(?<=https?:\/\/)[^\s/@]+@/gi,
  /[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+/g,
  // Addresses inside a network, and query strings.
  /\b(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01])|169\.254)(?:\.\d{1,3}){1,3}(?::\d{1,5})?\b/g,
  /(?<=https?:\/\/\S{0,500})\?\S+/gi,
  // Long unbroken tokens that are not words.
  /\b(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{32,}\b/gi,
];

const CHARS_MAX = 2000;
const HIDDEN = "[hidden]";

/**
 * A provider's message as a caller may read it: one line, without credentials, accounts, persons and inner addresses.
 * `known` are secrets that must never appear, such as the credential that was sent.
 */
export function withoutSecrets(text: string, known: readonly string[] = []): string {
  const readable = text.replace(/\p{Cc}+/gu, " ").slice(0, CHARS_MAX * 2);
  const unknown = known.filter((one) => one !== "").reduce((rest, one) => rest.replaceAll(one, HIDDEN), readable);
  return SECRETS.reduce((rest, pattern) => rest.replace(pattern, HIDDEN), unknown)
    .slice(0, CHARS_MAX)
    .trim();
}

import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Request header with the nonce for the inline scripts of a page. */
export const NONCE_HEADER = "x-spillway-nonce";

/**
 * Security headers of the console. Each page gets its own nonce; Next reads it from the request's policy and sets it on
 * its scripts. Mantine writes inline style attributes and one style element, so inline styles are allowed.
 */
export function consoleHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  options: { isSecure: boolean; isPage: boolean; isDev: boolean },
): void {
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("x-frame-options", "DENY");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()");
  if (options.isSecure) response.setHeader("strict-transport-security", "max-age=31536000");
  if (!options.isPage) return;
  const nonce = randomBytes(16).toString("base64");
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'${options.isDev ? " 'unsafe-eval'" : ""}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join("; ");
  request.headers["content-security-policy"] = policy;
  request.headers[NONCE_HEADER] = nonce;
  response.setHeader("content-security-policy", policy);
}

import { ERRORS, type PublicError } from "@/lib/errors";

/** An error as an RFC 9457 problem document. */
export function problem(error: PublicError): Response {
  const { code, message, param, details } = error;
  const body = {
    type: "about:blank",
    title: code,
    status: ERRORS[code].status,
    detail: message,
    ...(param === null ? {} : { param }),
    ...details,
  };
  const wait = error.retryAfterSeconds === null ? {} : { "retry-after": String(error.retryAfterSeconds) };
  const headers = { "content-type": "application/problem+json", "cache-control": "no-store", ...wait };
  return new Response(JSON.stringify(body), { status: ERRORS[code].status, headers });
}

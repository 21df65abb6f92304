import { z } from "zod";
import { asPublicError, PublicError } from "@/lib/errors";
import { ADDRESS_HEADER } from "../kernel/address-header";
import { type ConsoleContext, currentConsole } from "../kernel/context";
import { sessionActor } from "../kernel/door";
import { parsed } from "../kernel/input";
import { problem } from "../kernel/problem";
import { readJsonBody } from "../kernel/read-body";
import { OIDC_PROVIDER } from "./auth";
import { acceptance, acceptInvitation } from "./invitations";
import { recordDone, recordRefused, recordSignIn, typedEmail } from "./record-access";
import {
  asksForCode,
  refuseUsedCode,
  SECOND_STEPS,
  secondStepBody,
  waitingFor,
  withoutSession,
} from "./second-factor/second-step";
import { signedOn } from "./single-sign-on/sign-on";
import { tried } from "./tries/attempts";
import { deviceCookie, triedBy } from "./tries/known-device";

const path = z.string().max(200).startsWith("/");
const signInByPassword = z.strictObject({ email: z.string().max(320), password: z.string().max(256) });
const signInElsewhere = z.strictObject({
  provider: z.literal(OIDC_PROVIDER),
  callbackURL: path,
  errorCallbackURL: path,
});
const signOut = z.strictObject({});

/**
 * The better-auth endpoints that the console uses, with their bodies; null = no body. All others are closed, because
 * they change operators without a password, without an audit row and under impersonation.
 */
const ENDPOINTS: ReadonlyMap<string, z.ZodType | null> = new Map([
  ["POST /api/auth/sign-in/email", signInByPassword],
  ["POST /api/auth/sign-in/social", signInElsewhere],
  ["POST /api/auth/sign-out", signOut],
  [`GET /api/auth/callback/${OIDC_PROVIDER}`, null],
]);

/** Sign-in and sign-out: the few of better-auth's endpoints that the console uses. Everything else is 404. */
export async function authDoor(request: Request): Promise<Response> {
  const context = currentConsole();
  if (context === null) return problem(new PublicError("starting", "The server is starting."));
  try {
    return await passed(context, request);
  } catch (thrown) {
    const known = asPublicError(thrown);
    if (known === null) context.log.error({ err: thrown }, "sign-in failed");
    return problem(known ?? new PublicError("internal", "An internal error occurred. It has been logged."));
  }
}

async function passed(context: ConsoleContext, request: Request): Promise<Response> {
  refuseForeignPage(context, request);
  const place = `${request.method} ${new URL(request.url).pathname}`;
  if (place === ACCEPT) return accepted(context, request);
  if (SECOND_STEPS.has(place)) return secondStep(context, request);
  const schema = ENDPOINTS.get(place);
  if (schema === undefined) throw new PublicError("not_found", "Not found.");
  const { method, url, headers } = request;
  const address = headers.get(ADDRESS_HEADER) ?? "";
  if (schema === null) {
    const pass = () => context.auth.handler(new Request(url, { method, headers }));
    const { answer, target } = await signedOn(context, { address, pass });
    return entered(context, answer, { address, target });
  }
  const body = parsed(schema, await readJsonBody(request, new URL(request.url).pathname));
  const pass = () => context.auth.handler(withBody({ method, url, headers }, body));
  if (schema === signOut) return leaving(context, headers, pass);
  if (schema !== signInByPassword) return pass();
  const { email } = parsed(signInByPassword, body);
  const target = typedEmail(email);
  const enter = async () => {
    const answer = await pass();
    return { isRight: answer.ok, answer };
  };
  const who = triedBy(headers.get("cookie") ?? "", { secret: context.digestSecret, email });
  const answer = await tried(context.attempts, [["sign_in_account", who]], enter).catch(async (error: unknown) => {
    const reason = asPublicError(error)?.message ?? "an internal error";
    await recordRefused(context, { action: "access.sign-in-failed", actor: null, address, target, reason });
    throw error;
  });
  // With a second factor the sign-in is not complete. The second step writes the audit row.
  const given = (await asksForCode(answer)) ? answer : await entered(context, answer, { address, target });
  return withDevice(context, given, email);
}

/** The answer to a right password, by which its browser is known the next time. */
function withDevice({ digestSecret, publicUrl }: ConsoleContext, answer: Response, email: string): Response {
  if (!answer.ok) return answer;
  const marked = new Response(answer.body, answer);
  const isSecure = publicUrl.startsWith("https:");
  marked.headers.append("set-cookie", deviceCookie({ secret: digestSecret, email, isSecure }));
  return marked;
}

/** A page of somebody else's. Judged here, as the sign-in library writes an error into the log for each. */
function refuseForeignPage({ publicUrl }: ConsoleContext, { method, headers }: Request): void {
  const origin = headers.get("origin");
  if (method === "GET" || origin === null || origin === publicUrl) return;
  throw new PublicError("forbidden", `Sign-in is accepted only from pages of ${publicUrl} (PUBLIC_URL).`);
}

/** The second step, after the password. */
async function secondStep(context: ConsoleContext, request: Request): Promise<Response> {
  const { method, url } = request;
  const headers = withoutSession(request.headers);
  const body = parsed(secondStepBody, await readJsonBody(request, new URL(request.url).pathname));
  const address = headers.get(ADDRESS_HEADER) ?? "";
  const target = await waitingFor(context, headers);
  const answer = await context.auth.handler(withBody({ method, url, headers }, body));
  if (!answer.ok) return entered(context, answer, { address, target });
  await refuseUsedCode(context, answer, body.code).catch(async (error: unknown) => {
    const reason = asPublicError(error)?.message ?? "an internal error";
    await recordRefused(context, { action: "access.sign-in-failed", actor: null, address, target, reason });
    throw error;
  });
  return entered(context, answer, { address, target });
}

/** Our own endpoint, with the same limit per address as a sign-in. */
const ACCEPT = "POST /api/auth/sign-in/invitation";

async function accepted(context: ConsoleContext, request: Request): Promise<Response> {
  const input = parsed(acceptance, await readJsonBody(request, new URL(request.url).pathname));
  const address = request.headers.get(ADDRESS_HEADER) ?? "";
  const answer = await acceptInvitation(context, input, address).catch(async (error: unknown) => {
    const reason = asPublicError(error)?.message ?? "an internal error";
    const target = "an invitation";
    await recordRefused(context, { action: "access.sign-in-failed", actor: null, address, target, reason });
    throw error;
  });
  return Response.json(answer, { headers: { "cache-control": "no-store" } });
}

/** Audits a successful or failed sign-in. A successful answer is sent only after its audit row is written. */
async function entered(
  context: ConsoleContext,
  answer: Response,
  { address, target }: { address: string; target: string },
): Promise<Response> {
  const cookies = answer.headers.getSetCookie().map((one) => one.split(";")[0]);
  const headers = new Headers({ cookie: cookies.join("; "), [ADDRESS_HEADER]: address });
  const actor = answer.status < FAILED ? await sessionActor(context, headers) : null;
  if (actor !== null) {
    await recordSignIn(context, actor);
    return answer;
  }
  const fault = new URL(answer.headers.get("location") ?? "/", context.publicUrl).searchParams.get("error");
  const reason = fault === null ? `not let in (${answer.status})` : `not let in (${fault.replaceAll("_", " ")})`;
  await recordRefused(context, { action: "access.sign-in-failed", actor: null, address, target, reason });
  return answer;
}

const FAILED = 400;

async function leaving(context: ConsoleContext, headers: Headers, pass: () => Promise<Response>): Promise<Response> {
  const actor = await sessionActor(context, headers);
  const answer = await pass();
  if (actor !== null && answer.ok) await recordDone(context, actor, "access.sign-out");
  return answer;
}

/** Rebuilds the request from its parsed parts only. */
function withBody({ method, url, headers }: Pick<Request, "method" | "url" | "headers">, body: unknown): Request {
  const own = new Headers(headers);
  own.delete("content-length");
  return new Request(url, { method, headers: own, body: JSON.stringify(body) });
}

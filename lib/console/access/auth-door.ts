import { z } from "zod";
import { asPublicError, PublicError } from "@/lib/errors";
import { type Console, currentConsole } from "../kernel/console";
import { problem } from "../kernel/door";
import { parsed } from "../kernel/input";
import { AUTH_BODY_BYTES_MAX, readJsonBody } from "../kernel/read-body";
import { tried } from "./attempts";
import { OIDC_PROVIDER } from "./auth";

const path = z.string().max(200).startsWith("/");
const signInByPassword = z.strictObject({ email: z.string().max(320), password: z.string().max(256) });
const signInElsewhere = z.strictObject({
  provider: z.literal(OIDC_PROVIDER),
  callbackURL: path,
  errorCallbackURL: path,
});
const signOut = z.strictObject({});

/**
 * What the console needs of better-auth's own endpoints, with the bodies that it sends; null = no body. All others stay
 * shut: they change operators without asking for the password, without an audit row and under a borrowed name.
 */
const ENDPOINTS: ReadonlyMap<string, z.ZodType | null> = new Map([
  ["POST /api/auth/sign-in/email", signInByPassword],
  ["POST /api/auth/sign-in/social", signInElsewhere],
  ["POST /api/auth/sign-out", signOut],
  [`GET /api/auth/callback/${OIDC_PROVIDER}`, null],
]);

/** Sign-in and sign-out: the few of better-auth's endpoints that the console uses. Everything else is 404. */
export async function authDoor(request: Request): Promise<Response> {
  const console = currentConsole();
  if (console === null) return problem(new PublicError("starting", "The server is starting."));
  try {
    return await passed(console, request);
  } catch (thrown) {
    const known = asPublicError(thrown);
    if (known === null) console.log.error({ err: thrown }, "sign-in failed");
    return problem(known ?? new PublicError("internal", "Something went wrong on our side."));
  }
}

async function passed(console: Console, request: Request): Promise<Response> {
  const schema = ENDPOINTS.get(`${request.method} ${new URL(request.url).pathname}`);
  if (schema === undefined) throw new PublicError("not_found", "There is nothing here.");
  const { method, url, headers } = request;
  if (schema === null) return console.auth.handler(new Request(url, { method, headers }));
  const body = parsed(schema, await readJsonBody(request, AUTH_BODY_BYTES_MAX));
  const enter = () => console.auth.handler(withBody({ method, url, headers }, body));
  if (schema !== signInByPassword) return enter();
  const { email } = parsed(signInByPassword, body);
  return tried(console.attempts, [["sign_in_account", email.trim().toLowerCase()]], async () => {
    const answer = await enter();
    return { isRight: answer.ok, answer };
  });
}

/** The request again with what was read of it, and with nothing that was not. */
function withBody({ method, url, headers }: Pick<Request, "method" | "url" | "headers">, body: unknown): Request {
  const own = new Headers(headers);
  own.delete("content-length");
  return new Request(url, { method, headers: own, body: JSON.stringify(body) });
}

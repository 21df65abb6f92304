import { currentConsole } from "./console";

/** Sign-in, sign-out and session look-up: better-auth's own handler. */
export async function authDoor(request: Request): Promise<Response> {
  const console = currentConsole();
  if (console === null) return Response.json({ message: "The server is starting." }, { status: 503 });
  return console.auth.handler(request);
}

import { PublicError } from "@/lib/errors";
import { answerWith } from "../kernel/door";
import { problem } from "../kernel/problem";
import { findRoutes } from "./find-route";
import type { Route } from "./route";

const PREFIX = "/api/admin";

/** Answers every request of the admin API, by a route table. */
export async function adminDoor(request: Request, table: readonly Route[]): Promise<Response> {
  const { pathname } = new URL(request.url);
  const { routes, params } = findRoutes(table, pathname.slice(PREFIX.length));
  if (routes.length === 0) return problem(new PublicError("not_found", `Nothing exists at ${pathname.slice(0, 100)}.`));
  const method = request.method === "HEAD" ? "get" : request.method.toLowerCase();
  const route = routes.find((one) => one.method === method);
  if (route !== undefined) return answerWith(route, request, params);
  const allow = methodsOf(routes).join(", ");
  if (method === "options") return new Response(null, { status: 204, headers: { allow } });
  const refused = problem(new PublicError("method_not_allowed", `${pathname.slice(0, 100)} takes ${allow}.`));
  refused.headers.set("allow", allow);
  return refused;
}

function methodsOf(routes: readonly Route[]): string[] {
  const own = routes.map(({ method }) => method.toUpperCase());
  return [...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"].sort();
}

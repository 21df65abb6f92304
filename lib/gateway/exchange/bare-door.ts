import { currentGateway } from "../current-gateway";

/**
 * A route handler of the console behind the rules that apply on every host. `addressHeader` carries the client's
 * address.
 */
export function behindDoor(
  addressHeader: string,
  serve: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const bare = currentGateway()?.bare ?? null;
    if (bare === null) return serve(request);
    const judged = await bare.judge(request);
    if (judged.kind === "refused") return judged.answer;
    const headers = new Headers(request.headers);
    headers.set(addressHeader, judged.address);
    return serve(new Request(request, { headers }));
  };
}

/**
 * The endpoint that a serverless host's scheduler calls for a background job. Other hosts run jobs themselves and
 * answer 404 here.
 */
export async function cronDoor(request: Request): Promise<Response> {
  const bare = currentGateway()?.bare ?? null;
  if (bare === null) return new Response(null, { status: 404 });
  const judged = await bare.judge(request);
  return judged.kind === "refused" ? judged.answer : bare.runJob(request);
}

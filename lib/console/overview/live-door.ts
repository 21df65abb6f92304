import { can } from "../kernel/can";
import { currentConsole } from "../kernel/console";
import { sessionActor } from "../kernel/door";
import { LiveFigures } from "./live";

/** A session that has ended loses its stream within this time. */
const LOOK_AGAIN_MS = 5000;
const HOME = Symbol.for("spillway.live");

/**
 * GET /api/admin/live: the overview's figures as server-sent events, for pages of the console. The session is looked up
 * again every few seconds; once it has ended the stream does.
 */
export async function liveStream(request: Request): Promise<Response> {
  const console = currentConsole();
  const actor = console === null ? null : await sessionActor(console, request.headers);
  if (console === null || actor === null || !can(actor.role, "overview.view"))
    return new Response(null, { status: 401 });
  const known: LiveFigures | undefined = Reflect.get(globalThis, HOME);
  const live = known ?? new LiveFigures(console);
  Reflect.set(globalThis, HOME, live);
  const encoder = new TextEncoder();
  let end: () => void = () => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const leave = live.listen((figures) =>
        controller.enqueue(encoder.encode(`data: ${JSON.stringify(figures)}\n\n`)),
      );
      const look = setInterval(async () => {
        const still = await sessionActor(console, request.headers).catch(() => actor);
        if (still === null || !can(still.role, "overview.view")) close();
      }, LOOK_AGAIN_MS);
      end = () => {
        leave();
        clearInterval(look);
      };
      const close = () => {
        end();
        try {
          controller.close();
        } catch {
          // The reader was faster.
        }
      };
      request.signal.addEventListener("abort", close, { once: true });
    },
    cancel: () => end(),
  });
  const headers = {
    "content-type": "text/event-stream",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  };
  return new Response(body, { headers });
}

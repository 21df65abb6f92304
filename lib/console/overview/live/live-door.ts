import { can } from "../../kernel/can.shared";
import { type ArrivedRequest, sessionActor } from "../../kernel/door";
import { FiguresNews, LiveFigures } from "./live";

/** A session that has ended loses its stream within this time. */
const LOOK_AGAIN_MS = 5000;
const HOME = Symbol.for("spillway.live");

/**
 * GET /api/admin/live: the overview's figures as server-sent events: the first has all of them, each later one what has
 * changed since the one before. A session is looked up again every few seconds; once it has ended, so has its stream.
 */
export async function streamLive({ context, actor, headers, signal }: ArrivedRequest) {
  const known: LiveFigures | undefined = Reflect.get(globalThis, HOME);
  const live = known ?? new LiveFigures(context);
  Reflect.set(globalThis, HOME, live);
  const encoder = new TextEncoder();
  const news = new FiguresNews();
  let end: () => void = () => undefined;
  const events = new ReadableStream<Uint8Array>({
    start(controller) {
      const leave = live.listen((figures) => {
        const event = news.of(figures);
        if (event !== null) controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
      });
      const look = setInterval(async () => {
        if (actor.session === null) return;
        const still = await sessionActor(context, headers).catch(() => actor);
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
      signal.addEventListener("abort", close, { once: true });
    },
    cancel: () => end(),
  });
  return { events };
}

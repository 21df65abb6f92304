import { can } from "../../kernel/can.shared";
import type { ConsoleContext } from "../../kernel/context";
import { type ArrivedRequest, sessionActor } from "../../kernel/door";
import { LiveFigures } from "./live";
import { LiveStreams, liveStream } from "./live-stream";

/** The stream of an ended session closes within this time. */
const LOOK_AGAIN_MS = 5000;
const HOME = Symbol.for("spillway.live");

type Live = { readonly figures: LiveFigures; readonly streams: LiveStreams };

/**
 * GET /api/admin/live: the overview's figures as server-sent events. The first event has all of them, each later one
 * only the changes. The session is checked every few seconds; when it ends, the stream ends.
 */
export async function streamLive({ context, actor, headers, signal }: ArrivedRequest) {
  const { figures, streams } = liveOf(context);
  let ended: () => void = () => undefined;
  const stream = liveStream({
    listen: (listener) => figures.listen(listener),
    now: () => performance.now(),
    ended: () => ended(),
  });
  const leave = streams.add(actor.name, stream.end);
  const look = setInterval(async () => {
    if (actor.session === null) return;
    const still = await sessionActor(context, headers).catch(() => actor);
    // The figures are of all tenants.
    if (still === null || still.tenants !== null || !can(still.role, "overview.view")) stream.end();
  }, LOOK_AGAIN_MS);
  ended = () => {
    leave();
    clearInterval(look);
  };
  signal.addEventListener("abort", stream.end, { once: true });
  return { events: stream.events };
}

/** One per process, shared by our server's bundle and Next's. */
function liveOf(context: ConsoleContext): Live {
  const known: Live | undefined = Reflect.get(globalThis, HOME);
  const live = known ?? { figures: new LiveFigures(context), streams: new LiveStreams() };
  Reflect.set(globalThis, HOME, live);
  return live;
}

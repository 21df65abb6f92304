import type { Overview } from "../overview";
import { FiguresNews } from "./live";

/** Streams per operator. A new stream replaces the oldest. */
const STREAMS_PER_NAME_MAX = 16;
/** A reader that takes nothing for this long is disconnected. */
const STALLED_MS = 30_000;

/**
 * The events of one reader. Nothing is added to an event that is not taken yet: the next one has all changes since the
 * last one taken. So a slow reader costs one event, and in the end its stream.
 */
export function liveStream(input: {
  readonly listen: (listener: (figures: Overview) => void) => () => void;
  readonly now: () => number;
  /** called once, at any kind of end */
  readonly ended: () => void;
}): { readonly events: ReadableStream<Uint8Array>; end(): void } {
  const encoder = new TextEncoder();
  const news = new FiguresNews();
  let leave: () => void = () => undefined;
  let close: () => void = () => undefined;
  let takenAt = input.now();
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    leave();
    close();
    input.ended();
  };
  const events = new ReadableStream<Uint8Array>({
    start(controller) {
      close = () => controller.close();
      leave = input.listen((figures) => {
        if ((controller.desiredSize ?? 0) <= 0) {
          if (input.now() - takenAt > STALLED_MS) end();
          return;
        }
        takenAt = input.now();
        const event = news.of(figures);
        if (event !== null) controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
      });
    },
    cancel: () => {
      close = () => undefined;
      end();
    },
  });
  return { events, end };
}

/** The open streams of every operator; the number of each is bounded. */
export class LiveStreams {
  readonly #open = new Map<string, Set<() => void>>();

  /** Adds one. If there are too many, the oldest of that name ends. Returns a function that removes it. */
  add(name: string, end: () => void): () => void {
    const own = this.#open.get(name) ?? new Set();
    this.#open.set(name, own.add(end));
    const [oldest] = own;
    if (own.size > STREAMS_PER_NAME_MAX) oldest?.();
    return () => {
      own.delete(end);
      if (own.size === 0 && this.#open.get(name) === own) this.#open.delete(name);
    };
  }
}

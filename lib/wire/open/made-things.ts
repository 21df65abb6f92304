import { listOf, member } from "../json/object";

/** Things that an answer made and its provider keeps: items of a response, spoken answers, conversations and containers. */
export type MadeThing = { readonly kind: "item" | "sound" | "conversation" | "container"; readonly id: string };

/** Shorter ids are counters of small servers, which give the same id to everybody. */
const ID = /^[\w.:+/=-]{16,256}$/;
/** More than any single answer has. */
const MADE_MAX = 1000;

/** From a response: its items and conversation, if the response is kept; its tools' containers, which are always kept. */
export function madeByResponse(
  response: Readonly<Record<string, unknown>>,
  items: readonly unknown[],
): readonly MadeThing[] {
  const made: MadeThing[] = [];
  const isKept = response.store !== false;
  if (isKept) add(made, "conversation", member(response.conversation, "id"));
  for (const item of items) {
    if (isKept) add(made, "item", member(item, "id"));
    add(made, "container", member(item, "container_id"));
  }
  return made;
}

/** From a chat completion or a piece of one: the sounds that later messages may name. */
export function madeByChoices(choices: unknown): readonly MadeThing[] {
  let made = NONE;
  for (const choice of listOf(choices)) {
    const audio = member(member(choice, "message") ?? member(choice, "delta"), "audio");
    if (audio === undefined) continue;
    const sounds: MadeThing[] = [];
    add(sounds, "sound", member(audio, "id"));
    made = [...made, ...sounds];
  }
  return made;
}

/** From a message, or an event's change of one: the container that its tools ran in. */
export function madeByMessage(message: unknown): readonly MadeThing[] {
  const container = member(message, "container");
  if (container === undefined) return NONE;
  const made: MadeThing[] = [];
  add(made, "container", member(container, "id"));
  return made;
}

const NONE: readonly MadeThing[] = [];

function add(made: MadeThing[], kind: MadeThing["kind"], id: unknown): void {
  if (typeof id !== "string" || !ID.test(id)) return;
  if (made.length < MADE_MAX && !made.some((one) => one.id === id)) made.push({ kind, id });
}

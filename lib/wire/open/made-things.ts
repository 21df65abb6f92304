import { listOf, member } from "../json/object";

/** What an answer made that its provider keeps: items of a response, spoken answers, conversations and containers. */
export type MadeThing = { readonly kind: "item" | "sound" | "conversation" | "container"; readonly id: string };

/** Shorter ids are counters of small servers, which give the same one to everybody. */
const ID = /^[\w.:+/=-]{16,256}$/;
/** More than any one answer has. */
const MADE_MAX = 1000;

/** Of a response: its items and its conversation, where it is kept, and what its tools ran in, which is kept in any case. */
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

/** Of a chat completion, or of a piece of one: the sounds that later messages may name. */
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

/** Of a message, or of what an event changes of one: the container that its tools ran in. */
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

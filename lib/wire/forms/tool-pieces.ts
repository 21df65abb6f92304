import { isObject, member, textOf } from "../json/object";

/** One tool call of an answer, built from the pieces so far. */
export type ToolCall = {
  /** its position among the answer's calls, from 0 */
  readonly order: number;
  readonly index: unknown;
  id: string;
  name: string;
  args: string;
};

/**
 * Assembles the pieces of streamed tool calls. Servers tell calls apart by index, by id, or by neither. A piece belongs
 * to the call with its id, else to the latest call of its index, else to the last one. A new id begins another call,
 * also under a used index. So does a repeated name when the call before is whole.
 */
export class ToolPieces {
  readonly calls: ToolCall[] = [];

  /** The call that a piece belongs to, and the piece of its arguments. */
  take(piece: unknown): { call: ToolCall; args: string } {
    const called = member(piece, "function") ?? member(piece, "custom");
    const id = textOf(member(piece, "id"));
    const name = textOf(member(called, "name"));
    const given = member(called, "arguments") ?? member(called, "input");
    // Some servers send an object instead of text.
    const args = isObject(given) ? JSON.stringify(given) : textOf(given);
    const index = member(piece, "index") ?? null;
    const call = this.#owner(id, name, index) ?? this.#begin(index);
    if (call.id === "") call.id = id;
    if (call.name === "") call.name = name;
    call.args += args;
    return { call, args };
  }

  #owner(id: string, name: string, index: unknown): ToolCall | undefined {
    const near = this.calls.findLast((call) => index === null || call.index === index);
    if (id !== "") {
      const same = this.calls.findLast((call) => call.id === id);
      return same ?? (near?.id === "" && (near.name === "" || name === "") ? near : undefined);
    }
    const isAnother = near !== undefined && name !== "" && near.name !== "" && isWhole(near.args);
    return isAnother ? undefined : near;
  }

  #begin(index: unknown): ToolCall {
    const call = { order: this.calls.length, index, id: "", name: "", args: "" };
    this.calls.push(call);
    return call;
  }
}

/** Whether arguments are a whole object, which cannot continue. */
export function isWhole(args: string): boolean {
  if (!args.trimEnd().endsWith("}")) return false;
  try {
    return isObject(JSON.parse(args));
  } catch {
    return false;
  }
}

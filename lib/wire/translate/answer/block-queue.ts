import { isWhole, type ToolCall } from "../../forms/tool-pieces";

type Kind = "text" | "thinking";

type Block = {
  readonly kind: Kind | ToolCall;
  /** The block's beginning; null until it is known. */
  readonly opening: () => object | null;
  /** not sent yet */
  waiting: string;
};

/**
 * Anthropic's content blocks from pieces in any order: one block is open at a time, the others wait in the order of
 * their first pieces. A text block ends when another block begins. A tool call ends when its arguments are whole and
 * another block waits, or with the answer.
 */
export class BlockQueue {
  readonly #event: (type: string, value: object) => string;
  readonly #blocks: Block[] = [];
  #opened = 0;
  #isOpen = false;

  constructor(event: (type: string, value: object) => string) {
    this.#event = event;
  }

  words(kind: Kind, piece: string): string {
    if (piece === "") return "";
    const last = this.#blocks.at(-1);
    const block = last?.kind === kind ? last : this.#add(kind, () => EMPTY[kind]);
    block.waiting += piece;
    return this.#advance();
  }

  tool(call: ToolCall, args: string, opening: () => object | null): string {
    const block = this.#blocks.find(({ kind }) => kind === call) ?? this.#add(call, opening);
    block.waiting += args;
    return this.#advance();
  }

  /** The answer is over: returns everything that waits, and the end of the last block. */
  finish(): string {
    let out = "";
    for (const block of [...this.#blocks]) out += this.#send(block) + this.#close();
    return out;
  }

  #add(kind: Block["kind"], opening: () => object | null): Block {
    const block = { kind, opening, waiting: "" };
    this.#blocks.push(block);
    return block;
  }

  #advance(): string {
    let out = "";
    for (;;) {
      const [first, next] = this.#blocks;
      if (first === undefined) return out;
      out += this.#send(first);
      const isDone = typeof first.kind === "string" || isWhole(first.kind.args);
      if (next === undefined || !isDone) return out;
      out += this.#close();
    }
  }

  #send(block: Block): string {
    const opening = this.#isOpen ? null : block.opening();
    if (!this.#isOpen && opening === null) return "";
    const index = this.#opened;
    const begun = opening === null ? "" : this.#event("content_block_start", { index, content_block: opening });
    this.#isOpen = true;
    const piece = block.waiting;
    block.waiting = "";
    return piece === ""
      ? begun
      : begun + this.#event("content_block_delta", { index, delta: deltaOf(block.kind, piece) });
  }

  /** Ends the first block; leaves it out if it could not begin. */
  #close(): string {
    this.#blocks.shift();
    if (!this.#isOpen) return "";
    const closing = this.#event("content_block_stop", { index: this.#opened });
    this.#isOpen = false;
    this.#opened += 1;
    return closing;
  }
}

const EMPTY = {
  text: { type: "text", text: "" },
  thinking: { type: "thinking", thinking: "", signature: "" },
} as const;

function deltaOf(kind: Block["kind"], piece: string): object {
  if (kind === "text") return { type: "text_delta", text: piece };
  return kind === "thinking"
    ? { type: "thinking_delta", thinking: piece }
    : { type: "input_json_delta", partial_json: piece };
}

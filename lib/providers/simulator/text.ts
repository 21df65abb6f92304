/** Deterministic text: token `index` of every answer is the same word, with the following space. */
export function tokenText(index: number): string {
  return `${WORDS[index % WORDS.length]} `;
}

/** The simulator's own tokenizer: a word is a token, and each message costs four more. */
export function countInput(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + 4 + text.split(/\s+/).filter(Boolean).length, 0);
}

const WORDS = (
  "water finds its level and a spillway lets the river pass when the lake is full so that the dam holds for everyone " +
  "who lives below it"
).split(" ");

/** A shown or pasted key: only its public id is sent, never a secret. */
const KEY = /\bsw_(?:live|test)_([0-9A-Za-z]{1,12})\S*/g;
/** Words that may precede the object's name. */
const VERBS = /^\s*(?:stop|brake|kill|open)\s+/i;
const KINDS = /^\s*(?:tenant|key|model|provider|tier)\s+/i;

/** The server's search text for what was typed into the palette: "stop acme" searches for acme. */
export function soughtIn(text: string): string {
  return text.replace(KEY, "$1").replace(VERBS, "").replace(KINDS, "").trim();
}

/** A key as it is shown or pasted: only its public id goes on, never a secret. */
const KEY = /\bsw_(?:live|test)_([0-9A-Za-z]{1,12})\S*/g;
/** What may stand before the name of the thing. */
const VERBS = /^\s*(?:stop|brake|kill|open|tenant|key)\s+/i;

/** What the server is to look for, of what somebody typed into the palette: "stop acme" looks for acme. */
export function soughtIn(text: string): string {
  return text.replace(KEY, "$1").replace(VERBS, "").trim();
}

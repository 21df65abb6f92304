/** A code of the API as words: "invalid_api_key" reads "invalid API key". */
export function codeWords(code: string): string {
  return code.replaceAll("_", " ").replace(/\bapi\b/, "API");
}

import { type AnyColumn, ilike, type SQL } from "drizzle-orm";

const ASCII_ALONE = /^\p{ASCII}*$/u;

/**
 * Conditions of which one holds where a column contains the text, in any case. A database of locale C, such as the
 * embedded one, folds ASCII letters alone. So a text with others is sought in each case; a name that mixes the cases of
 * such letters is found as it is written. `anySign`: a sign of the text that stands for any one sign.
 */
export function inAnyCase(columns: readonly AnyColumn[], text: string, anySign: string | null = null): SQL[] {
  const forms = ASCII_ALONE.test(text) ? [text] : [...new Set([text, text.toLowerCase(), text.toUpperCase()])];
  const patterns = forms.map((form) => {
    const literal = form.replace(/[\\%_]/g, "\\$&");
    return `%${anySign === null ? literal : literal.replaceAll(anySign, "_")}%`;
  });
  return columns.flatMap((column) => patterns.map((pattern) => ilike(column, pattern)));
}

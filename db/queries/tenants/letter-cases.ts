const ASCII_ALONE = /^\p{ASCII}*$/u;

/**
 * A sought text in the forms that `ilike` needs to ignore the case: a database of locale C, such as the embedded one, folds
 * ASCII letters alone. A name with other letters in both cases is found as it is written.
 */
export function letterCases(text: string): string[] {
  return ASCII_ALONE.test(text) ? [text] : [...new Set([text, text.toLowerCase(), text.toUpperCase()])];
}

import { z } from "zod";
import { isMarked } from "./exact-numbers";

/** Whether a text holds U+0000, which PostgreSQL keeps in no text at all. */
export function hasNul(text: string): boolean {
  return text.includes("\u0000");
}

/** Text of a caller's that reaches the books: at most so many characters, and none that the database cannot keep. */
export function storedText(charsMax: number) {
  return z
    .string()
    .max(charsMax)
    .refine((text) => !isMarked(text), "it must be a text")
    .refine((text) => !hasNul(text), "it must not contain U+0000");
}

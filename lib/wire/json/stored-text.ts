import { z } from "zod";
import { isMarked } from "./exact-numbers";

/** Whether a text has U+0000, which PostgreSQL cannot store in text. */
export function hasNul(text: string): boolean {
  return text.includes("\u0000");
}

/** A caller's text for the books: bounded in length, and without characters that the database cannot store. */
export function storedText(charsMax: number) {
  return z
    .string()
    .max(charsMax)
    .refine((text) => !isMarked(text), "it must be a text")
    .refine((text) => !hasNul(text), "it must not contain U+0000");
}

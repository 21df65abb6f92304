/** Label of the palette's input. */
export const PALETTE_LABEL = "Find anything";

const PATIENCE_MS = 3000;
let letters = "";
let give: ((typed: string) => void) | null = null;

/** The palette's own function for letters, once it is on the page; it gets at once what was typed before. */
export function receiveTyped(next: (typed: string) => void): void {
  give = next;
  if (letters !== "") next(letters);
  letters = "";
}

/**
 * Catches the letters that are typed after the palette was asked for and before its input has the focus. Ends when it
 * has, with any other key, or after a while.
 */
export function collectTyped(): void {
  const end = () => {
    window.clearTimeout(timer);
    window.removeEventListener("keydown", onKey, true);
  };
  const onKey = (event: KeyboardEvent) => {
    const isThere = document.activeElement?.ariaLabel === PALETTE_LABEL && document.activeElement.tagName === "INPUT";
    if (isThere || event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return end();
    event.preventDefault();
    event.stopPropagation();
    if (give === null) letters += event.key;
    else give(event.key);
  };
  const timer = window.setTimeout(end, PATIENCE_MS);
  window.addEventListener("keydown", onKey, true);
}

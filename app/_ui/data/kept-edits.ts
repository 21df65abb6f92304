"use client";

import { useEffect } from "react";

/**
 * Unsaved edits, by what they edit. They live as long as the tab: they survive a click on another page, and the browser
 * asks before it closes or reloads.
 */
export class KeptEdits<Edit> {
  readonly #edits = new Map<string, Edit>();

  of(name: string): Edit | null {
    return this.#edits.get(name) ?? null;
  }

  drop(name: string): void {
    this.#edits.delete(name);
  }

  /** Keeps `edit` while it differs from the saved state; null drops it. */
  useKeep(name: string, edit: Edit | null): void {
    useEffect(() => {
      if (edit === null) this.#edits.delete(name);
      else this.#edits.set(name, edit);
    }, [name, edit]);
    const isOpen = edit !== null;
    useEffect(() => {
      if (!isOpen) return;
      const ask = (event: BeforeUnloadEvent) => event.preventDefault();
      window.addEventListener("beforeunload", ask);
      return () => window.removeEventListener("beforeunload", ask);
    }, [isOpen]);
  }
}

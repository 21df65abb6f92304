"use client";

import { Away } from "./away";

/** The same instead of the whole console, when the server cannot tell who asks. */
export function AwayPage() {
  return (
    <main>
      <Away isSure again={() => window.location.reload()} />
    </main>
  );
}

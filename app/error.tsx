"use client";

import { Away } from "./_ui/notices/away";

/** A page outside the console that could not be drawn, for anybody. */
export default function Fault({ error }: { error: Error & { digest?: string } }) {
  return (
    <main>
      <Away digest={error.digest} again={() => window.location.reload()} />
    </main>
  );
}

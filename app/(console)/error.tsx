"use client";

import { useRouter } from "next/navigation";
import { startTransition } from "react";
import { Away } from "../_ui/notices/away";

/** A page that could not be drawn. The menu and the brakes above it keep working. */
export default function PageFault({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const router = useRouter();
  // The server draws it again: what it sent before is the fault.
  const again = () =>
    startTransition(() => {
      router.refresh();
      reset();
    });
  return <Away digest={error.digest} again={again} />;
}

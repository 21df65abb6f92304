"use client";

/** A page that could not be drawn. The menu and the brakes above it keep working. Plain, because every page carries it. */
export default function PageFault({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div className="notice" role="alert">
      <h1>This page could not be shown</h1>
      <p>Calls are served and limited as before. Brakes can be set on the overview, and with the operator token.</p>
      {error.digest !== undefined && (
        <p>
          For the server&apos;s log: <code>{error.digest}</code>
        </p>
      )}
      <p>
        <button type="button" onClick={reset}>
          Try again
        </button>{" "}
        <a href="/">Overview</a>
      </p>
    </div>
  );
}

/** A tenant's link that has expired, was revoked, or was not copied as a whole. */
export default function LinkEnded() {
  return (
    <main className="notice">
      <h1>This link no longer works</h1>
      <p>It has expired, was revoked, or was not copied completely. Ask the sender for a new link.</p>
      <p>
        With an API key you see the same on the page <a href="/me">My limits</a>.
      </p>
    </main>
  );
}

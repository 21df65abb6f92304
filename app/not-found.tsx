import type { Metadata } from "next";

export const metadata: Metadata = { title: "Not found" };

/** An address without a page, for anybody: it names nothing of the installation. Plain, because every page carries it. */
export default function NotFound() {
  return (
    <main className="notice">
      <h1>There is no such page</h1>
      <p>The address may be mistyped, or the link may be incomplete.</p>
      <p>
        <a href="/">Open the console</a>
      </p>
    </main>
  );
}

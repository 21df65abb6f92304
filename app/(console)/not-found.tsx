/** An address of the console that names nothing that exists. Plain, because every page carries it. */
export default function NothingHere() {
  return (
    <div className="notice">
      <h1>There is nothing at this address</h1>
      <p>It may be mistyped, or removed. Find anything with Ctrl K.</p>
      <p>
        <a href="/">Overview</a>
      </p>
    </div>
  );
}

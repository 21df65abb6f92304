import type { Metadata } from "next";
import { MyLimits } from "./my-limits";

export const metadata: Metadata = { title: "My limits" };
export const dynamic = "force-dynamic";

/** For the holder of an API key: no sign-in, the key itself gives access. */
export default function Page() {
  return <MyLimits />;
}

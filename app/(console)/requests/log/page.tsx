import type { Metadata } from "next";
import { RequestLog } from "./request-log";

export const metadata: Metadata = { title: "Request log" };

export default function Page() {
  return <RequestLog />;
}

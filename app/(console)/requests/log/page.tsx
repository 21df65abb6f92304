import type { Metadata } from "next";
import { Ahead } from "../../../_ui/data/ahead";
import { readAhead } from "../../../operator";
import { firstLogReads } from "./log-filter";
import { RequestLog } from "./request-log";

export const metadata: Metadata = { title: "Request log" };

type Props = { searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>> };

export default async function Page({ searchParams }: Props) {
  return (
    <Ahead answers={await readAhead(firstLogReads(await searchParams, Date.now()))}>
      <RequestLog />
    </Ahead>
  );
}

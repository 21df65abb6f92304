"use client";

import { Text, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ownRefusal } from "../_ui/data/key-holder";
import { readPasted } from "../_ui/forms/pasted";
import { RefusalCard } from "../_ui/limits/refusal-card";
import { Failed } from "../_ui/shell/page-head";
import { MyRefusal } from "./my-refusal";

type Asked = { readonly key: string; readonly user: string };

/** Why one of a key's calls was refused, from its request id or its error. */
export function WhyRefused({ asked }: { asked: Asked | null }) {
  const [pasted, setPasted] = useState("");
  const { refusal, requestId } = readPasted(pasted);
  const kept = useQuery({
    queryKey: ["my-refusal", requestId, asked],
    queryFn: () =>
      asked === null || requestId === null ? Promise.reject(new Error("no key")) : ownRefusal(requestId, asked),
    enabled: asked !== null && requestId !== null,
    retry: false,
  });
  return (
    <>
      <Textarea
        label="Why was my call refused?"
        description="paste its request id, or the full error"
        placeholder='req_… or {"error": {"code": "rate_limit_exceeded", …}}'
        value={pasted}
        onChange={(event) => setPasted(event.currentTarget.value)}
        autosize
        minRows={2}
        maxRows={10}
      />
      {refusal !== null && <RefusalCard refusal={refusal} />}
      {kept.data !== undefined && <MyRefusal refusal={kept.data} isTold={refusal !== null} />}
      {refusal === null && <Failed what="Not found" error={kept.error} />}
      {requestId !== null && asked === null && refusal === null && (
        <Text size="sm">Enter your key above. Only its holder can see its refused calls.</Text>
      )}
      {pasted.trim() !== "" && refusal === null && requestId === null && (
        <Text size="sm">
          This text contains no request id and no Spillway error. Paste the whole error, from the first brace to the
          last.
        </Text>
      )}
    </>
  );
}

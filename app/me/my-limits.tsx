"use client";

import {
  Button,
  Card,
  Container,
  Group,
  PasswordInput,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ownQuota, ownRefusal } from "../_ui/data/key-holder";
import { readPasted } from "../_ui/forms/pasted";
import { QuotaLine } from "../_ui/limits/quota-line";
import { RefusalCard } from "../_ui/limits/refusal-card";
import { Failed, PageHead } from "../_ui/shell/page-head";
import { MyRefusal } from "./my-refusal";

const EVERY_MS = 1000;

type Asked = { readonly key: string; readonly user: string };

/**
 * What the holder of a key has left, and why a call was refused. The key stays in this page's memory: it is sent to
 * /v1/quota and /v1/refusals as any client sends it, and nowhere else.
 */
export function MyLimits() {
  const [key, setKey] = useState("");
  const [user, setUser] = useState("");
  const [asked, setAsked] = useState<Asked | null>(null);
  const [pasted, setPasted] = useState("");
  const quota = useQuery({
    queryKey: ["my-quota", asked],
    queryFn: () => (asked === null ? Promise.reject(new Error("no key")) : ownQuota(asked)),
    enabled: asked !== null,
    refetchInterval: (query) => (query.state.error === null ? EVERY_MS : false),
  });
  const show = (event: FormEvent) => {
    event.preventDefault();
    setAsked({ key: key.trim(), user: user.trim() });
  };
  const { refusal, requestId } = readPasted(pasted);
  const kept = useQuery({
    queryKey: ["my-refusal", requestId, asked],
    queryFn: () =>
      asked === null || requestId === null ? Promise.reject(new Error("no key")) : ownRefusal(requestId, asked),
    enabled: asked !== null && requestId !== null,
    retry: false,
  });
  const used = quota.data?.limits.filter((line) => line.remaining === 0) ?? [];
  return (
    <Container size="md" py="lg" component="main">
      <Stack gap="md">
        <PageHead title="My limits" about="What your API key has left now, and why a call was refused." />
        <Card component="section" aria-label="Your key">
          <form onSubmit={show}>
            <Group align="flex-end">
              <PasswordInput
                label="API key"
                description="stays in this page; it is not stored"
                placeholder="sw_…"
                value={key}
                onChange={(event) => setKey(event.currentTarget.value)}
                required
                flex={2}
                miw={240}
                autoComplete="off"
              />
              <TextInput
                label="User"
                description="when you name users"
                placeholder="nobody"
                value={user}
                onChange={(event) => setUser(event.currentTarget.value)}
                flex={1}
                miw={140}
              />
              <Button type="submit">Show</Button>
            </Group>
          </form>
        </Card>
        <Failed what="Not shown" error={quota.error} />
        {asked !== null && (
          <Card component="section" aria-label="What is left now">
            <Title order={2} fz="md" mb="xs">
              What is left now
            </Title>
            {quota.data === undefined && quota.error === null && <Skeleton h={80} />}
            {quota.data?.limits.length === 0 && <Text size="sm">No limits. Every call is admitted.</Text>}
            {used.length > 0 && (
              <Text size="sm" c="red" fw={550} mb="xs" role="status">
                {used.map((line) => line.name).join(", ")} {used.length === 1 ? "is" : "are"} used up: calls are refused
                until room comes back.
              </Text>
            )}
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
              {quota.data?.limits.map((line) => (
                <QuotaLine key={`${line.layer} ${line.name}`} line={line} at={quota.data.at} />
              ))}
            </SimpleGrid>
          </Card>
        )}
        <Textarea
          label="Why was my call refused?"
          description="paste its request id, or the whole error as you got it"
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
            This text has no request id and no error of Spillway. Paste it from the first brace to the last.
          </Text>
        )}
      </Stack>
    </Container>
  );
}

"use client";

import { Button, Card, Container, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ownQuota, ownUsage } from "../_ui/data/key-holder";
import { Failed, PageHead } from "../_ui/shell/page-head";
import { AskForMore } from "./ask-for-more";
import { KeyDates } from "./key-dates";
import { LeftNow } from "./left-now";
import { MyUsage } from "./my-usage";
import { RotateMine } from "./rotate-mine";
import { WhyRefused } from "./why-refused";

const EVERY_MS = 1000;
const USAGE_EVERY_MS = 10_000;

type Asked = { readonly key: string; readonly user: string };

/**
 * What the holder of a key has left and used, why a call was refused, and how to ask for more. The key stays in this
 * page's memory. It is sent only to /v1, as by any client.
 */
export function MyLimits() {
  const [key, setKey] = useState("");
  const [user, setUser] = useState("");
  const [asked, setAsked] = useState<Asked | null>(null);
  const { quota, usage } = useMine(asked);
  const show = (event: FormEvent) => {
    event.preventDefault();
    setAsked({ key: key.trim(), user: user.trim() });
  };
  return (
    <Container size="md" py="lg" component="main">
      <Stack gap="md">
        <PageHead title="My limits" about="What your API key has left and used, and why a call was refused." />
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
        {asked !== null && usage.data !== undefined && <KeyDates dates={usage.data.key} />}
        {asked !== null && (
          <LeftNow
            quota={quota.data}
            isLoading={quota.data === undefined && quota.error === null}
            refusing={usage.data?.refusing ?? []}
          />
        )}
        <WhyRefused asked={asked} />
        {asked !== null && quota.data !== undefined && <AskForMore key={asked.key} asked={asked} />}
        {asked !== null && usage.data !== undefined && (
          <RotateMine key={`rotate ${asked.key}`} asked={asked} own={usage.data.key} />
        )}
        <Failed what="Usage not shown" error={usage.error} />
        {asked !== null && usage.data !== undefined && <MyUsage days={usage.data.days} />}
      </Stack>
    </Container>
  );
}

/** What a key has left, every second, and what it used. */
function useMine(asked: Asked | null) {
  const quota = useQuery({
    queryKey: ["my-quota", asked],
    queryFn: () => (asked === null ? Promise.reject(new Error("no key")) : ownQuota(asked)),
    enabled: asked !== null,
    refetchInterval: (query) => (query.state.error === null ? EVERY_MS : false),
  });
  const usage = useQuery({
    queryKey: ["my-usage", asked],
    queryFn: () => (asked === null ? Promise.reject(new Error("no key")) : ownUsage(asked)),
    enabled: asked !== null && quota.data !== undefined,
    refetchInterval: (query) => (query.state.error === null ? USAGE_EVERY_MS : false),
  });
  return { quota, usage };
}

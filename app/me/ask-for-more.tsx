"use client";

import { Button, Card, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { askForMore } from "../_ui/data/key-holder";
import { Outcome } from "../_ui/figures/outcome";
import { Failed } from "../_ui/shell/page-head";

const WISH_CHARS_MAX = 500;

/** A message to the operators, with the key that it is about. */
export function AskForMore({ asked }: { asked: { readonly key: string; readonly user: string } }) {
  const [wish, setWish] = useState("");
  // In one paragraph, because the server accepts no line breaks.
  const text = wish.replace(/\s+/g, " ").trim();
  const send = useMutation({ mutationFn: () => askForMore(text, asked), onSuccess: () => setWish("") });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <Card component="section" aria-label="Request more">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Title order={2} fz="md">
            Request more
          </Title>
          <Textarea
            label="What you need"
            description="which limit, how much, until when; operators also see your tenant and key name"
            value={wish}
            onChange={(event) => setWish(event.currentTarget.value)}
            maxLength={WISH_CHARS_MAX}
            autosize
            minRows={2}
            maxRows={6}
            required
          />
          <Failed what="Not sent" error={send.error} />
          {send.isSuccess && (
            <Outcome kind="good" title="Sent">
              Operators see it in the console.
            </Outcome>
          )}
          <Group justify="space-between">
            <Text size="xs" c="dimmed">
              up to three a day
            </Text>
            <Button type="submit" variant="default" loading={send.isPending} disabled={text === ""}>
              Send
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

"use client";

import { Button, Card, Group, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../_ui/data/api";
import { plural } from "../../_ui/figures/format";
import { Outcome } from "../../_ui/figures/outcome";
import { Failed } from "../../_ui/shell/page-head";

const PASSWORD_CHARS_MIN = 12;
const EMPTY = { current: "", next: "", again: "" };

/** The operator's own password; every other session of theirs ends with the change. */
export function OwnPassword() {
  const queries = useQueryClient();
  const [filled, setFilled] = useState(EMPTY);
  const { current, next, again } = filled;
  const change = useMutation({
    mutationFn: () => api<{ ended: number }>("password", { method: "POST", body: { current, next } }),
    onSuccess: async () => {
      setFilled(EMPTY);
      await queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const field = (name: keyof typeof EMPTY, label: string, completes: string) => (
    <PasswordInput
      label={label}
      value={filled[name]}
      onChange={(event) => setFilled({ ...filled, [name]: event.currentTarget.value })}
      autoComplete={completes}
      required
      flex="1 1 220px"
    />
  );
  const differ = again !== "" && again !== next;
  return (
    <Card component="section" aria-label="Your password">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <div>
            <Title order={2} fz="md">
              Your password
            </Title>
            <Text size="xs" c="dimmed">
              at least {PASSWORD_CHARS_MIN} characters; your other sessions end when it changes
            </Text>
          </div>
          <Group align="flex-end">
            {field("current", "Current password", "current-password")}
            {field("next", "New password", "new-password")}
            {field("again", "Repeat the new password", "new-password")}
          </Group>
          {differ && <Text size="sm">The two new passwords differ.</Text>}
          <Failed what="Not changed" error={change.error} />
          {change.data !== undefined && (
            <Outcome kind="good" title="Changed">
              {plural(change.data.ended, "other session")} ended.
            </Outcome>
          )}
          <Group>
            <Button
              type="submit"
              loading={change.isPending}
              disabled={current === "" || next.length < PASSWORD_CHARS_MIN || again !== next}
            >
              Change password
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

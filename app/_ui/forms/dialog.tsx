"use client";

import { Button, Group, Modal, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { Failed } from "../shell/page-head";

/**
 * A form in a dialog: it sends, tells what went wrong and stays, or tells that it is done, refreshes what is shown and
 * closes.
 */
export function FormDialog<Answer>({
  title,
  children,
  submit,
  done,
  label,
  isReady = true,
  colour,
  onClose,
  onCancel = onClose,
  onDone,
}: {
  title: string;
  children: ReactNode;
  submit: () => Promise<Answer>;
  /** the message afterwards */
  done: ReactNode;
  /** of the button that sends */
  label: string;
  isReady?: boolean;
  colour?: string;
  /** it is done */
  onClose: () => void;
  /** it is given up; absent = the same */
  onCancel?: () => void;
  onDone?: (answer: Answer) => void;
}) {
  const queries = useQueryClient();
  const sending = useMutation({
    mutationFn: submit,
    onSuccess: async (answer) => {
      await queries.invalidateQueries();
      notifications.show({ color: "teal", title: "Done", message: done });
      onDone?.(answer);
      onClose();
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  return (
    <Modal opened onClose={onCancel} title={title}>
      <form onSubmit={send}>
        <Stack>
          {children}
          <Failed what="Not done" error={sending.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={sending.isPending}
              disabled={!isReady}
              {...(colour === undefined ? {} : { color: colour })}
            >
              {label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

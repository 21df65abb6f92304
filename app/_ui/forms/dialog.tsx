"use client";

import { Button, Group, Modal, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId } from "react";
import { Failed } from "../shell/page-head";
import { tellUndo } from "../shell/undo";

/**
 * A form in a dialog. On failure it shows the error and stays open. On success it reports that, refreshes the page and
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
  undo,
}: {
  title: string;
  children: ReactNode;
  submit: () => Promise<Answer>;
  /** the message afterwards */
  done: ReactNode;
  /** label of the submit button */
  label: string;
  isReady?: boolean;
  colour?: string;
  /** called on success */
  onClose: () => void;
  /** called on cancel; absent = the same */
  onCancel?: () => void;
  onDone?: (answer: Answer) => void;
  /** takes it back; offered with the message */
  undo?: () => Promise<unknown>;
}) {
  const queries = useQueryClient();
  const id = useId();
  const sending = useMutation({
    mutationFn: submit,
    onSuccess: async (answer) => {
      await queries.invalidateQueries();
      if (undo === undefined) notifications.show({ color: "teal", title: "Done", message: done });
      else tellUndo({ id, title: "Done", message: done, undo: () => undo().then(() => queries.invalidateQueries()) });
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
          {/* In view without scrolling, however long the form is. */}
          <Group justify="flex-end" className="dialog-end">
            <Failed what="Not done" error={sending.error} />
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

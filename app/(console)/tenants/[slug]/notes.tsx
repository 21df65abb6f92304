"use client";

import { ActionIcon, Button, Card, Group, Input, Stack, Text, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { NoteView } from "@/lib/console/tenants/notes";
import { api } from "../../../_ui/data/api";
import { Moment } from "../../../_ui/figures/moment";
import { Empty } from "../../../_ui/notices/empty";
import { Failed } from "../../../_ui/shell/page-head";
import { tellUndo } from "../../../_ui/shell/undo";

/** Note for the next engineer on call about this tenant. */
export function Notes({ slug, canWrite }: { slug: string; canWrite: boolean }) {
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const path = `tenants/${encodeURIComponent(slug)}/notes`;
  const queryKey = ["notes", slug];
  const notes = useQuery({ queryKey, queryFn: () => api<{ notes: NoteView[] }>(path) });
  const write = useMutation({
    mutationFn: () => api(path, { method: "POST", body: { text } }),
    onSuccess: async () => {
      setText("");
      await queries.invalidateQueries({ queryKey });
    },
  });
  const remove = useMutation({
    mutationFn: ({ id }: NoteView) => api(`${path}/${id}`, { method: "DELETE", body: {} }),
    onSuccess: async (_answer, { id, text: gone }) => {
      const undo = async () => {
        await api(path, { method: "POST", body: { text: gone } });
        await queries.invalidateQueries({ queryKey });
      };
      tellUndo({ id, title: "Note removed", message: gone.slice(0, 80), undo });
      await queries.invalidateQueries({ queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    write.mutate();
  };
  return (
    <Card component="section" aria-label="Notes">
      <Title order={2} fz="md" mb="xs">
        Notes
      </Title>
      <Failed what="Not done" error={notes.error ?? write.error ?? remove.error} />
      <Stack gap="sm">
        {notes.data?.notes.map((note) => (
          <Group key={note.id} justify="space-between" wrap="nowrap" align="flex-start">
            <div>
              <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
                {note.text}
              </Text>
              <Text size="xs" c="dimmed">
                {note.by}, <Moment at={note.at} form="short" />
              </Text>
            </div>
            {canWrite && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove the note of ${note.by}`}
                onClick={() => remove.mutate(note)}
              >
                <IconX size={16} />
              </ActionIcon>
            )}
          </Group>
        ))}
        {notes.data?.notes.length === 0 && !canWrite && <Empty>None yet.</Empty>}
        {canWrite && (
          <form onSubmit={submit}>
            <Group align="flex-end">
              {/* Not the library's field that grows: it is three kilobytes of script. */}
              <Input.Wrapper id="note" label="New note" flex={1} miw={220} required>
                <Input
                  component="textarea"
                  id="note"
                  multiline
                  rows={2}
                  placeholder="Note for the next engineer on call"
                  value={text}
                  onChange={(event) => setText(event.currentTarget.value)}
                  maxLength={2000}
                  required
                />
              </Input.Wrapper>
              <Button type="submit" variant="default" loading={write.isPending}>
                Add note
              </Button>
            </Group>
          </form>
        )}
      </Stack>
    </Card>
  );
}

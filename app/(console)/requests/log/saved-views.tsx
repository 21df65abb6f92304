"use client";

import { Button, Group, Menu, Text, TextInput } from "@mantine/core";
import { IconBookmark, IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import type { SavedView } from "@/lib/console/requests/saved-views";
import { api } from "../../../_ui/data/api";
import { FormDialog } from "../../../_ui/forms/dialog";

/** The operator's own views of the log: each is its address, with a name. */
export function SavedViews({ query }: { query: string }) {
  const [isSaving, setIsSaving] = useState(false);
  const [removed, setRemoved] = useState<SavedView | null>(null);
  const saved = useQuery({
    queryKey: ["saved-views"],
    queryFn: () => api<{ views: readonly SavedView[] }>("requests/views"),
  });
  const views = saved.data?.views ?? [];
  const none = saved.data !== undefined ? "None yet" : saved.error === null ? "Loading…" : "They could not be loaded";
  return (
    <>
      <Menu position="bottom-start" withinPortal>
        <Menu.Target>
          <Button size="xs" variant="default" leftSection={<IconBookmark size={14} aria-hidden />}>
            Saved views
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {views.length === 0 && (
            <Text size="sm" c="dimmed" px="sm" py={4}>
              {none}
            </Text>
          )}
          {views.map((view) => (
            <Menu.Item key={view.id} component={Link} href={`/requests/log?${view.query}`}>
              {view.name}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setIsSaving(true)}>
            Save this view…
          </Menu.Item>
          {views.map((view) => (
            <Menu.Item key={view.id} leftSection={<IconTrash size={14} aria-hidden />} onClick={() => setRemoved(view)}>
              Remove {view.name}…
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {isSaving && <SaveView query={query} onClose={() => setIsSaving(false)} />}
      {removed !== null && (
        <FormDialog
          title={`Remove view ${removed.name}`}
          label="Remove it"
          colour="red.9"
          done={`"${removed.name}" is removed.`}
          submit={() => api(`requests/views/${removed.id}`, { method: "DELETE", body: {} })}
          onClose={() => setRemoved(null)}
        >
          <Text size="sm">Only you see this view. The calls stay.</Text>
        </FormDialog>
      )}
    </>
  );
}

function SaveView({ query, onClose }: { query: string; onClose: () => void }) {
  const [name, setName] = useState("");
  return (
    <FormDialog
      title="Save this view"
      label="Save"
      done={`"${name.trim()}" is saved.`}
      isReady={name.trim() !== ""}
      submit={() => api("requests/views", { method: "POST", body: { name: name.trim(), query } })}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        description="replaces a view with the same name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={60}
        required
        data-autofocus
      />
      <Group gap="xs">
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {query === "" ? "All calls of the last 24 hours" : query}
        </Text>
      </Group>
    </FormDialog>
  );
}

"use client";

import { Button, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import type { KeyView } from "@/lib/console/keys/keys";
import type { KeyDialog } from "./key-dialogs";

/** What this operator may do to a key, and how to start it. */
export type KeyActs = {
  readonly canMake: boolean;
  readonly canRevoke: boolean;
  readonly canStop: boolean;
  readonly onDialog: (dialog: KeyDialog) => void;
};

/** Actions on a key that is still usable; nothing for one that has ended. */
export function KeyMenu({ of: key, acts: { canMake, canRevoke, canStop, onDialog } }: { of: KeyView; acts: KeyActs }) {
  if (key.status !== "active" || !(canMake || canRevoke || canStop)) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" size="compact-sm" aria-label={`Actions for ${key.name}`}>
          <IconDots size={16} aria-hidden />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {canStop && <Menu.Item onClick={() => onDialog({ kind: "stop", key })}>Stop its calls…</Menu.Item>}
        {canMake && <Menu.Item onClick={() => onDialog({ kind: "edit", key })}>Edit…</Menu.Item>}
        {canMake && <Menu.Item onClick={() => onDialog({ kind: "rotate", key })}>Rotate…</Menu.Item>}
        {canRevoke && <Menu.Item onClick={() => onDialog({ kind: "revoke", key })}>Revoke…</Menu.Item>}
        {canRevoke && (
          <Menu.Item c="red.9" onClick={() => onDialog({ kind: "leaked", key })}>
            Report a leak…
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

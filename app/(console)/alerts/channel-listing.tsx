import { Group, Text } from "@mantine/core";
import { useState } from "react";
import type { ChannelView } from "@/lib/console/alerts/alerts";
import { api } from "../../_ui/data/api";
import { Listing } from "../../_ui/figures/listing";
import { Act } from "../../_ui/forms/act";
import { FormDialog } from "../../_ui/forms/dialog";
import { ChannelForm } from "./channel-form";
import { Remove } from "./remove";

type Rights = { readonly canEdit: boolean; readonly canMute: boolean };

const KIND_WORDS: Readonly<Record<string, string>> = {
  webhook: "Webhook",
  slack: "Slack",
  smtp: "Mail",
  pagerduty: "PagerDuty",
};

/** Channels: where alerts are sent. */
export function ChannelListing({ channels, canEdit, canMute }: Rights & { channels: readonly ChannelView[] }) {
  const [changed, setChanged] = useState<ChannelView | null>(null);
  const [removed, setRemoved] = useState<ChannelView | null>(null);
  return (
    <>
      <Listing
        title="Channels"
        head={["Channel", "Kind", "Sends to", "Actions"]}
        texts={[1, 2]}
        empty="No channels yet. Add a webhook, Slack, mail or PagerDuty."
        rows={channels.map((channel) => ({
          id: channel.id,
          cells: [
            channel.enabled ? channel.name : `${channel.name} (off)`,
            KIND_WORDS[channel.kind] ?? channel.kind,
            channel.leadsTo,
            <Group key="actions" gap={4} justify="flex-end" wrap="nowrap">
              {canMute && <TestButton channel={channel} />}
              {canEdit && <Act label="Edit…" of={channel.name} onClick={() => setChanged(channel)} />}
              {canEdit && <Act label="Remove…" of={channel.name} onClick={() => setRemoved(channel)} />}
            </Group>,
          ],
        }))}
      />
      {changed !== null && <ChannelForm key={changed.id} of={changed} onClose={() => setChanged(null)} />}
      {removed !== null && (
        <Remove
          what={`channel ${removed.name}`}
          path={`alert-channels/${removed.id}`}
          onClose={() => setRemoved(null)}
        />
      )}
    </>
  );
}

function TestButton({ channel }: { channel: ChannelView }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Act label="Test…" of={channel.name} onClick={() => setIsOpen(true)} />
      {isOpen && (
        <FormDialog
          title={`Test ${channel.name}`}
          label="Send it"
          done="Sent to the outbox. The messages below show its status."
          submit={() => api(`alert-channels/${channel.id}/test`, { method: "POST", body: {} })}
          onClose={() => setIsOpen(false)}
        >
          <Text size="sm">One message goes to {channel.leadsTo}.</Text>
        </FormDialog>
      )}
    </>
  );
}

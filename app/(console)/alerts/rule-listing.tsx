import { Group } from "@mantine/core";
import { useState } from "react";
import type { ChannelView, RuleView } from "@/lib/console/alerts/alerts";
import { ManagedBadge } from "../../_ui/data/managed";
import { Listing } from "../../_ui/figures/listing";
import { useMomentWords } from "../../_ui/figures/moment";
import { Act } from "../../_ui/forms/act";
import { MuteRule } from "./mute-rule";
import { Remove } from "./remove";
import { RuleForm } from "./rule-form";
import { watchWords } from "./watch-words";

type Lists = { readonly rules: readonly RuleView[]; readonly channels: readonly ChannelView[] };
type Doing = { readonly what: "edit" | "mute" | "remove"; readonly rule: RuleView };

/** Alert rules: what each finds, whom it notifies, and whether it is on. */
export function RuleListing({ rules, channels, canEdit, canMute }: Lists & { canEdit: boolean; canMute: boolean }) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const momentWords = useMomentWords();
  const close = () => setDoing(null);
  const receiversOf = (rule: RuleView) =>
    rule.channels.map((id) => channels.find((one) => one.id === id)?.name ?? "?").join(", ") || "none";
  return (
    <>
      <Listing
        title="Rules"
        head={["Rule", "Condition", "Channels", "State", "Actions"]}
        texts={[1, 2, 3]}
        empty="No rules yet. Create a channel, then a rule that notifies it."
        rows={rules.map((rule) => ({
          id: rule.id,
          cells: [
            <span key="name">
              {rule.name}
              <ManagedBadge kind="alert-rule" name={rule.name} />
            </span>,
            findsWords(rule),
            receiversOf(rule),
            rule.muted !== null
              ? `muted until ${momentWords(rule.muted.until)}`
              : rule.enabled
                ? `on, ${rule.severity}`
                : "off",
            <Group key="actions" gap={4} justify="flex-end" wrap="nowrap">
              {canMute && (
                <Act
                  label={rule.muted === null ? "Mute…" : "Muted…"}
                  of={rule.name}
                  onClick={() => setDoing({ what: "mute", rule })}
                />
              )}
              {canEdit && <Act label="Edit…" of={rule.name} onClick={() => setDoing({ what: "edit", rule })} />}
              {canEdit && <Act label="Remove…" of={rule.name} onClick={() => setDoing({ what: "remove", rule })} />}
            </Group>,
          ],
        }))}
      />
      {doing?.what === "edit" && <RuleForm rule={doing.rule} channels={channels} onClose={close} />}
      {doing?.what === "mute" && <MuteRule rule={doing.rule} onClose={close} />}
      {doing?.what === "remove" && (
        <Remove what={`rule ${doing.rule.name}`} path={`alert-rules/${doing.rule.id}`} onClose={close} />
      )}
    </>
  );
}

function findsWords({ watch, brake }: RuleView): string {
  const words = watchWords(watch);
  return brake === null ? words : `${words}; sets a brake (${brake.mode}) for ${brake.minutes} min`;
}

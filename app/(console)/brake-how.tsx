import { Button, Group, SegmentedControl, Select, Text, Textarea } from "@mantine/core";

/** How a brake stops calls, for how long, and why. */
export type BrakeHow = { readonly mode: string; readonly seconds: string; readonly reason: string };
type Part = {
  readonly how: BrakeHow;
  readonly set: (change: Partial<BrakeHow>) => void;
  /** the cursor starts in the reason */
  readonly isFirst: boolean;
};

/** Frequent choices in an emergency, one click each. */
const PRESETS: readonly (BrakeHow & { readonly label: string })[] = [
  { label: "Runaway caller", mode: "block", seconds: "900", reason: "Runaway caller: looking into it" },
  { label: "Cut it now", mode: "cut", seconds: "900", reason: "Cost runaway: running streams are cut" },
  { label: "Provider incident", mode: "block", seconds: "1800", reason: "Upstream incident at the provider" },
  { label: "Save money", mode: "degrade", seconds: "3600", reason: "Served by cheaper models for an hour" },
];
const DURATIONS = [
  { value: "900", label: "15 min" },
  { value: "1800", label: "30 min" },
  { value: "3600", label: "60 min" },
  { value: "0", label: "No end" },
];
const MODES = [
  { value: "block", label: "Stop new calls; running calls finish" },
  { value: "drain", label: "Stop new calls; running calls get one minute" },
  { value: "cut", label: "Stop new calls and cut running streams" },
  { value: "degrade", label: "Degrade: refuse nothing, serve the tier's cheaper models" },
  { value: "observe", label: "Observe: refuse nothing, count matching calls" },
];

/** Presets, mode, reason and duration of a brake. */
export function HowToStop({ how, set, isFirst }: Part) {
  return (
    <>
      <Group gap={6} role="group" aria-labelledby="brake-presets">
        <Text size="sm" c="dimmed" id="brake-presets">
          In a hurry:
        </Text>
        {PRESETS.map(({ label, ...preset }) => (
          <Button key={label} size="compact-sm" variant="default" onClick={() => set(preset)}>
            {label}
          </Button>
        ))}
      </Group>
      <Select
        label="How"
        data={MODES}
        value={how.mode}
        onChange={(mode) => set({ mode: mode ?? "block" })}
        allowDeselect={false}
      />
      <Textarea
        label="Reason"
        description="Written to the audit log. Callers see it unless you set a separate message."
        value={how.reason}
        onChange={(event) => set({ reason: event.currentTarget.value })}
        autosize
        minRows={2}
        required
        data-autofocus={isFirst || undefined}
      />
      <div>
        <Text size="sm" fw={600} mb={4} id="brake-duration">
          Duration
        </Text>
        <SegmentedControl
          fullWidth
          aria-labelledby="brake-duration"
          value={how.seconds}
          onChange={(seconds) => set({ seconds })}
          data={DURATIONS}
          styles={{ label: { paddingInline: 4 } }}
        />
      </div>
    </>
  );
}

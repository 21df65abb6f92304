import { ActionIcon, Button, Group, Input, NumberInput, Select, Stack } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { ACTION_WORDS, ACTIONS, STEPS_MAX, stepsFault, type Threshold, withNext } from "./thresholds";

/** The actions at shares of a budget. */
export function ThresholdFields({
  steps,
  onChange,
}: {
  steps: readonly Threshold[];
  onChange: (steps: readonly Threshold[]) => void;
}) {
  const put = (at: number, change: Partial<Threshold>) =>
    onChange(steps.map((step, index) => (index === at ? { ...step, ...change } : step)));
  return (
    <Input.Wrapper
      label="Thresholds"
      description="percent of the amount; degrade = cheaper models, queue = one call at a time; without refuse the budget only counts"
      error={stepsFault(steps)}
      role="group"
      aria-label="Thresholds"
    >
      <Stack gap={6} mt={4}>
        {steps.map(({ percent, action }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step has no name, and its place is what is edited
          <Group key={at} gap="xs" wrap="nowrap">
            <NumberInput
              aria-label={`Percent of threshold ${at + 1}`}
              value={percent}
              min={1}
              max={1000}
              decimalScale={2}
              suffix=" %"
              w={92}
              onChange={(value) => put(at, { percent: Number(value) })}
            />
            <Select
              aria-label={`Action of threshold ${at + 1}`}
              data={ACTIONS.map((value) => ({ value, label: ACTION_WORDS[value] }))}
              value={action}
              allowDeselect={false}
              flex={1}
              onChange={(value) => put(at, { action: ACTIONS.find((one) => one === value) ?? action })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove threshold ${at + 1}`}
              onClick={() => onChange(steps.filter((_, index) => index !== at))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Group>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            disabled={steps.length >= STEPS_MAX}
            onClick={() => onChange(withNext(steps))}
          >
            Threshold
          </Button>
        </Group>
      </Stack>
    </Input.Wrapper>
  );
}

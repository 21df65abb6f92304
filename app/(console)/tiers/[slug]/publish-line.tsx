import { Button, Group, Text, TextInput } from "@mantine/core";
import type { MouseEvent } from "react";
import { plural } from "../../../_ui/figures/format";

type LineOf = {
  readonly canEdit: boolean;
  readonly comment: string;
  readonly onComment: (comment: string) => void;
  /** how many values differ from what is published; 0 = nothing to publish */
  readonly changes: number;
  /** how many values are wrong; nothing is sent while there are any */
  readonly faults: number;
  readonly isPublishing: boolean;
  readonly onUndo: () => void;
  /** absent: there is no review first */
  readonly onReview?: () => void;
};

/** The number of changes, their comment, and the buttons that review and publish them. It stays in view while there are some. */
export function PublishLine(of: LineOf) {
  const { canEdit, comment, onComment, changes, faults, isPublishing, onUndo, onReview } = of;
  if (!canEdit) {
    return (
      <Text c="dimmed" size="sm">
        Your role can view this. Only an admin can edit it.
      </Text>
    );
  }
  const isChanged = changes > 0;
  /** Goes to the first wrong value instead. */
  const whenRight = (event: MouseEvent<HTMLElement>) => {
    const isRight = faults === 0;
    if (!isRight) {
      event.preventDefault();
      firstFault(event.currentTarget)?.focus();
    }
    return isRight;
  };
  return (
    <Group align="flex-end" gap="sm" className={isChanged ? "bar" : ""}>
      <div role="status" aria-label="Changes" className={isChanged ? "bar-changes" : "bar-unchanged"}>
        {isChanged && (
          <>
            <Text fw={600} size="sm">
              {plural(changes, "change")}
            </Text>
            {faults > 0 && (
              <Text size="xs" className="cell-fault">
                {plural(faults, "value")} to correct
              </Text>
            )}
          </>
        )}
      </div>
      {isChanged && (
        <Button variant="subtle" px="xs" onClick={onUndo}>
          Undo all
        </Button>
      )}
      <TextInput
        label="Comment"
        placeholder="Reason for this change"
        value={comment}
        onChange={(event) => onComment(event.currentTarget.value)}
        flex={1}
        miw={{ base: "100%", sm: 150 }}
      />
      {onReview !== undefined && (
        <Button variant="default" onClick={(event) => whenRight(event) && onReview()} disabled={!isChanged}>
          Review…
        </Button>
      )}
      <Button type="submit" loading={isPublishing} disabled={!isChanged} onClick={whenRight}>
        Publish
      </Button>
    </Group>
  );
}

function firstFault(within: HTMLElement): HTMLElement | null {
  return within.closest("form")?.querySelector<HTMLElement>("[aria-invalid=true]") ?? null;
}

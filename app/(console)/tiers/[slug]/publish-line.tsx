import { Button, Group, Text, TextInput } from "@mantine/core";

type LineOf = {
  readonly canEdit: boolean;
  readonly comment: string;
  readonly onComment: (comment: string) => void;
  readonly isChanged: boolean;
  readonly isPublishing: boolean;
  /** absent: there is no review first */
  readonly onReview?: () => void;
};

/** The comment of a change, and the buttons that review and publish it. */
export function PublishLine({ canEdit, comment, onComment, isChanged, isPublishing, onReview }: LineOf) {
  if (!canEdit) {
    return (
      <Text c="dimmed" size="sm">
        Your role can view this. Only an admin can edit it.
      </Text>
    );
  }
  return (
    <Group align="flex-end" className={isChanged ? "bar" : ""}>
      <TextInput
        label="Comment"
        placeholder="Reason for this change"
        value={comment}
        onChange={(event) => onComment(event.currentTarget.value)}
        flex={1}
        miw={220}
      />
      {onReview !== undefined && (
        <Button variant="default" onClick={onReview} disabled={!isChanged}>
          Review…
        </Button>
      )}
      <Button type="submit" loading={isPublishing} disabled={!isChanged}>
        Publish
      </Button>
    </Group>
  );
}

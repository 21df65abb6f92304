"use client";

import { Anchor, Button, Card, Group, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import Link from "next/link";
import type { ReactNode } from "react";

/** One object that exists, or is to be made. */
export function Step(props: {
  number: number;
  title: string;
  about: string;
  /** what exists; empty = nothing yet */
  state: string;
  /** its prerequisites exist */
  isReady?: boolean;
  canEdit: boolean;
  /** page with all of its kind */
  href: string;
  onOpen: () => void;
  children?: ReactNode;
}) {
  const { number, title, about, state, isReady = true, canEdit, href, onOpen, children } = props;
  const isDone = state !== "";
  return (
    <Card component="section" aria-label={title}>
      <Group justify="space-between" align="flex-start">
        {/* On a phone the button goes below: beside it, three words would fill a line. */}
        <Group wrap="nowrap" align="flex-start" flex="1 1 240px" miw={0}>
          <ThemeIcon radius="xl" color={isDone ? "teal.9" : "gray.7"} variant="filled">
            {isDone ? <IconCheck size={16} aria-hidden /> : number}
          </ThemeIcon>
          <div style={{ minWidth: 0 }}>
            <Title order={2} fz="md">
              {title}
            </Title>
            <Text size="sm" c="dimmed">
              {about}
            </Text>
            {isDone && (
              <Text size="sm" lineClamp={2}>
                <Anchor component={Link} href={href} size="sm">
                  {state}
                </Anchor>
              </Text>
            )}
          </div>
        </Group>
        {canEdit && (
          <Button
            variant={isDone ? "default" : "filled"}
            disabled={!isReady}
            onClick={onOpen}
            style={{ flexShrink: 0 }}
            aria-label={`${isDone ? "Add another" : "Create"} ${title === "API key" ? "key" : title.toLowerCase()}`}
          >
            {isDone ? "Add another" : "Create"}
          </Button>
        )}
      </Group>
      {children}
    </Card>
  );
}

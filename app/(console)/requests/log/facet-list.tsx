"use client";

import { Button, Card, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { count } from "../../../_ui/figures/format";
import { Moment } from "../../../_ui/figures/moment";
import { codeWords } from "../../../_ui/words/code-words";
import { FACET_WORDS, FACETS, type Facet } from "./log-filter";

export type FacetAnswer = {
  readonly facets: readonly {
    readonly facet: string;
    readonly value: string;
    readonly count: number;
    /** as people call it, where that is another word */
    readonly name?: string;
  }[];
  readonly buckets: readonly { readonly at: string; readonly kind: string; readonly count: number }[];
  readonly isCut: boolean;
  readonly countedFrom: string | null;
};

const VALUES_SHOWN = 6;

/** The count of each value; a click narrows the log to it. */
export function FacetList({
  answer,
  onChoose,
}: {
  answer: FacetAnswer | undefined;
  onChoose: (facet: Facet, value: string) => void;
}) {
  const [isOpen, setIsOpen] = useState(false);
  if (answer === undefined) return <Skeleton h={{ base: 36, md: 400 }} w={{ base: "100%", md: 208 }} radius="md" />;
  return (
    <>
      {/* On a phone the calls come first: the list is longer than the screen. */}
      <Button
        hiddenFrom="md"
        variant="default"
        fullWidth
        disabled={answer.facets.length === 0}
        aria-expanded={isOpen}
        onClick={() => setIsOpen((before) => !before)}
      >
        {isOpen ? "Hide the filters" : "Narrow the log…"}
      </Button>
      <Facets answer={answer} isOpen={isOpen} onChoose={onChoose} />
    </>
  );
}

type FacetsOf = {
  readonly answer: FacetAnswer;
  /** whether it is open on small screens; on others it always is */
  readonly isOpen: boolean;
  readonly onChoose: (facet: Facet, value: string) => void;
};

function Facets({ answer, isOpen, onChoose }: FacetsOf) {
  const room = isOpen ? {} : { visibleFrom: "md" as const };
  return (
    <Card component="section" aria-label="Narrow the log" w={{ base: "100%", md: 208 }} padding="sm" {...room}>
      <Stack gap="sm">
        {answer.facets.length === 0 && (
          <Text size="xs" c="dimmed">
            Nothing to narrow
          </Text>
        )}
        {FACETS.map((facet) => {
          const values = answer.facets.filter((one) => one.facet === facet).slice(0, VALUES_SHOWN);
          if (values.length === 0) return null;
          return (
            <div key={facet}>
              <Text size="xs" fw={600} c="dimmed">
                {FACET_WORDS[facet]}
              </Text>
              {values.map(({ value, name, count: calls }) => (
                <Button
                  key={value}
                  variant="subtle"
                  color="gray"
                  size="compact-sm"
                  fullWidth
                  justify="space-between"
                  c="var(--mantine-color-text)"
                  fw={400}
                  title={value}
                  rightSection={<span className="figure">{count(calls)}</span>}
                  onClick={() => onChoose(facet, value)}
                >
                  <span style={{ minWidth: 0, overflow: "hidden", textOverflow: "ellipsis", lineHeight: 1.5 }}>
                    {wordsOf(facet, value, name)}
                  </span>
                </Button>
              ))}
            </div>
          );
        })}
        {answer.isCut && (
          <Group>
            <Text size="xs" c="dimmed">
              {answer.countedFrom === null ? (
                "Counted among the newest calls; there are more."
              ) : (
                <>
                  Counted since <Moment at={answer.countedFrom} form="second" />; older calls are not counted.
                </>
              )}
            </Text>
          </Group>
        )}
      </Stack>
    </Card>
  );
}

/** Many keys are called "production": the id tells them apart. */
function wordsOf(facet: Facet, value: string, name: string | undefined): string {
  if (name === undefined) return facet === "outcome" ? codeWords(value) : value;
  return facet === "key" ? `${name} · ${value}` : name;
}

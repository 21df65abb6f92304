"use client";

import { SimpleGrid, Text } from "@mantine/core";
import { useState } from "react";
import { changedCells, type LimitCell, undoneCell } from "@/lib/console/tiers/cells/limit-cells.shared";
import type { CellFaults } from "@/lib/console/tiers/cells/limit-faults.shared";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { LimitHistory } from "../limit-history";
import { cellWords, EXCEED_WORDS, type LimitOwner } from "./cell-words";
import { Choice, Units } from "./limit-controls";
import { type ControlProps, Marked } from "./marked";
import { MatchForm } from "./match-form";

export type TierOf = { readonly slug: string; readonly version: number };

type SettingsOf = {
  readonly owner: LimitOwner;
  readonly limit: DraftLimit;
  readonly was: DraftLimit | null;
  readonly faults: CellFaults;
  readonly canEdit: boolean;
  /** absent: its history is not kept by limit */
  readonly historyOf: TierOf | null;
  readonly onChange: (limit: DraftLimit) => void;
};

const EXCEEDS = ["refuse", "queue"] as const;

/** The settings of a limit that have no column, and its history. */
export function LimitSettings({ owner, limit, was, faults, canEdit, historyOf, onChange }: SettingsOf) {
  const name = limit.name || "new limit";
  const changed = was === null ? [] : changedCells(was, limit);
  const set = (change: Partial<DraftLimit>) => onChange({ ...limit, ...change });
  const mark = (cell: LimitCell, head: string) => ({
    label: `${head} of ${name}`,
    was: was !== null && changed.includes(cell) ? cellWords(cell, was, owner) : null,
    fault: faults[cell],
    onUndo: was !== null && canEdit ? () => onChange(undoneCell(limit, was, cell)) : null,
  });
  const of = (head: string, marks: ControlProps) => ({ label: `${head} of ${name}`, limit, marks, owner, set });
  const isBucket = limit.algorithm === "token_bucket";
  return (
    <div className="limit-settings">
      <fieldset disabled={!canEdit}>
        <SimpleGrid cols={{ base: 1, xs: 2, md: isBucket ? 3 : 1 }} spacing="sm">
          {isBucket && (
            <>
              <Setting head="Refill per window">
                <Marked {...mark("refill", "Refill per window")}>
                  {(marks) => (
                    <Units
                      {...of("Refill per window", marks)}
                      value={limit.refill}
                      placeholder="the limit"
                      onChange={(refill) => set({ refill })}
                    />
                  )}
                </Marked>
              </Setting>
              <Setting head="Burst credit" note="earned while idle">
                <Marked {...mark("burstCredit", "Burst credit")}>
                  {(marks) => (
                    <Units
                      {...of("Burst credit", marks)}
                      value={limit.burstCredit}
                      placeholder="none"
                      onChange={(burstCredit) => set({ burstCredit })}
                    />
                  )}
                </Marked>
              </Setting>
            </>
          )}
          <Setting head="When it is used up" note="the next call">
            <Marked {...mark("onExceed", "When it is used up")}>
              {(marks) => (
                <Choice
                  {...of("When it is used up", marks)}
                  values={EXCEEDS}
                  words={EXCEED_WORDS}
                  value={limit.onExceed === "queue" ? "queue" : "refuse"}
                  choose={(onExceed) => set({ onExceed })}
                />
              )}
            </Marked>
          </Setting>
        </SimpleGrid>
        <Marked {...mark("match", "Calls")}>
          {() => <MatchForm match={limit.match} layer={limit.layer} onChange={(match) => set({ match })} />}
        </Marked>
      </fieldset>
      {historyOf !== null && <History {...historyOf} name={limit.name} />}
    </div>
  );
}

function Setting({ head, note, children }: { head: string; note?: string; children: React.ReactNode }) {
  return (
    <div>
      <Text size="xs" fw={600} component="div">
        {head}{" "}
        {note !== undefined && (
          <Text span size="xs" c="dimmed">
            {note}
          </Text>
        )}
      </Text>
      {children}
    </div>
  );
}

/** Not a button: it is there for those who may not edit too. */
function History(of: TierOf & { readonly name: string }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <Text component="summary" size="sm" style={{ cursor: "pointer" }}>
        History of {of.name}
      </Text>
      {isOpen && <LimitHistory {...of} />}
    </details>
  );
}

import { ActionIcon, Box, Text } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { type MouseEvent, type ReactNode, useId, useState } from "react";

/** What a control of a cell takes: its fault, and where it and the former value stand. */
export type ControlProps = {
  readonly error: boolean;
  /** Mantine's own would name only its own descriptions. */
  readonly withAria: false;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby"?: string;
};

type MarkedOf = {
  /** the cell and its limit: "Limit of requests-per-minute" */
  readonly label: string;
  /** the published value; null = the cell has it */
  readonly was: string | null;
  readonly fault: string | undefined;
  readonly onUndo: (() => void) | null;
  readonly children: (props: ControlProps) => ReactNode;
};

/**
 * A value with its mark: the published value below it, with a button that takes it back, and what is wrong with it. A fault
 * shows when the value is left, not while it is typed.
 */
export function Marked({ label, was, fault, onUndo, children }: MarkedOf) {
  const [isWritten, setIsWritten] = useState(false);
  const id = useId();
  const isFaulty = fault !== undefined && !isWritten;
  const by = [isFaulty ? `${id}-fault` : "", was === null ? "" : `${id}-was`].filter(Boolean).join(" ");
  const aria = { error: isFaulty, withAria: false, "aria-invalid": isFaulty } as const;
  const undo = (event: MouseEvent<HTMLElement>) => {
    const control = event.currentTarget.closest("[data-marked]")?.querySelector("input, select");
    onUndo?.();
    // The button disappears.
    if (control instanceof HTMLElement) control.focus();
  };
  return (
    <Box
      data-marked
      className={was === null ? "" : "cell-changed"}
      onFocus={(event) => setIsWritten(event.target instanceof HTMLInputElement)}
      onBlur={() => setIsWritten(false)}
    >
      {children({ ...aria, ...(by === "" ? {} : { "aria-describedby": by }) })}
      {isFaulty && (
        <Text id={`${id}-fault`} size="xs" className="cell-fault">
          {fault}
        </Text>
      )}
      {was !== null && (
        <div className="cell-was">
          <Text id={`${id}-was`} size="xs" span>
            was {was}
          </Text>
          {onUndo !== null && (
            <ActionIcon variant="subtle" size={24} color="gray" onClick={undo} aria-label={`Undo: ${label}`}>
              <IconArrowBackUp size={14} aria-hidden />
            </ActionIcon>
          )}
        </div>
      )}
    </Box>
  );
}

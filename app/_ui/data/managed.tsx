"use client";

import { Alert, Badge } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ManagedView } from "@/lib/console/config/config";
import { useMomentWords } from "../figures/moment";
import { api } from "./api";

type Mark = ManagedView["objects"][number];

const FRESH_MS = 30_000;

/** Marks of all objects that are managed from a file; one request for the whole page. */
export function useManaged() {
  return useQuery({
    queryKey: ["config", "managed"],
    queryFn: () => api<ManagedView>("config/managed"),
    staleTime: FRESH_MS,
  });
}

function useMark({ kind, name }: Pick<Mark, "kind" | "name">): Mark | undefined {
  return useManaged().data?.objects.find((one) => one.kind === kind && one.name === name);
}

/** Shows at the top of an object's page that a file manages it. Nothing without a file. */
export function ManagedNote(of: Pick<Mark, "kind" | "name">) {
  const mark = useMark(of);
  const momentWords = useMomentWords();
  if (mark === undefined) return null;
  return (
    <Alert color="blue" variant="light" title={`Managed from ${mark.source}`}>
      Applied {momentWords(mark.appliedAt)} by {mark.appliedBy}. Change the file instead: an edit here shows as drift,
      and the next apply undoes it.
    </Alert>
  );
}

/** The same in a list, beside the object's name. */
export function ManagedBadge(of: Pick<Mark, "kind" | "name">) {
  const mark = useMark(of);
  if (mark === undefined) return null;
  return (
    <Badge variant="light" color="blue" tt="none" size="sm" ml={6}>
      from {mark.source}
    </Badge>
  );
}

"use client";

// A file of its own: importing the package lazily as a whole would load all of its charts.
export { BarChart } from "@mantine/charts";
export { ReferenceArea } from "recharts";

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { qrCodeOf } from "./qr-code.shared";

function drawn(text: string): string[] {
  return qrCodeOf(text).map((row) => row.map((isDark) => (isDark ? "#" : ".")).join(""));
}

const digest = (text: string) => createHash("sha256").update(drawn(text).join("\n")).digest("hex").slice(0, 16);

const URI =
  "otpauth://totp/Spillway:ann%40example.test?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW&issuer=Spillway&digits=6&period=30";

// Drawn once by the npm package qrcode 1.5.4 at level M, and read by jsqr 1.4.0.
describe("a QR code is the one that another library draws", () => {
  test("module by module, at the smallest version", () => {
    expect(drawn("HELLO spillway")).toEqual([
      "#######..##.#.#######",
      "#.....#..#.#..#.....#",
      "#.###.#.#...#.#.###.#",
      "#.###.#.#..#..#.###.#",
      "#.###.#.#.#.#.#.###.#",
      "#.....#.#.#.#.#.....#",
      "#######.#.#.#.#######",
      "........#####........",
      "#.#####.......#####..",
      ".##......#.#....###..",
      "...##.#.##.##....###.",
      "...##..##.####..###..",
      "..#.#.#.#.#.#.##..#.#",
      "........#.#...#.##...",
      "#######..#.###....##.",
      "#.....#.#..#.#.#.##.#",
      "#.###.#.#.###.##..###",
      "#.###.#.##.#.#####...",
      "#.###.#.#..##..#..#..",
      "#.....#.....##..###..",
      "#######.#..#..#.#.##.",
    ]);
  });

  test.each([
    ["an app's address, version 8", URI, 49, "ac4d4b3a67983706"],
    ["beyond ASCII, version 11", "zürich ".repeat(30), 61, "330d854be6dd65ef"],
    ["blocks of two lengths, version 13", "x".repeat(300), 69, "2abaf9ed149140d4"],
    ["the longest text, version 20", "x".repeat(666), 97, "444723e60be05924"],
  ])("%s", (_what, text, size, expected) => {
    expect([drawn(text).length, digest(text)]).toEqual([size, expected]);
  });

  test("a longer text is refused", () => {
    expect(() => qrCodeOf("x".repeat(667))).toThrow("667 bytes");
  });
});

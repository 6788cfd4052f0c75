import { expect, test } from "bun:test";
import type { FleetRow } from "../../ui/dashboard/rows.tsx";
import { createDrawnRows } from "./drawn-rows.ts";

const row = (name: string) => ({ name }) as FleetRow;

test("a row is drawn once for each way of seeing it, and anew when its host was read anew", () => {
  const drawnRows = createDrawnRows();
  let drawings = 0;
  const draw = (key: string, one: FleetRow) => drawnRows(key)(one, () => `${one.name} for ${key} ${++drawings}`);
  const before = row("web-01");
  expect(draw("mara", before)).toBe("web-01 for mara 1");
  expect(draw("mara", before)).toBe("web-01 for mara 1");
  expect(draw("otto", before)).toBe("web-01 for otto 2");
  expect(draw("mara", row("web-01"))).toBe("web-01 for mara 3");
  expect(draw("mara", before)).toBe("web-01 for mara 1");
});

test("however many ways of seeing it come, a row is kept for a few alone", () => {
  const drawnRows = createDrawnRows();
  const seen = row("web-01");
  let drawings = 0;
  const draw = (key: string) => drawnRows(key)(seen, () => `${++drawings}`);
  for (let at = 0; at < 1000; at++) draw(`zone ${at}`);
  expect(draw("zone 999")).toBe("1000");
  expect(draw("zone 0")).toBe("1001");
});

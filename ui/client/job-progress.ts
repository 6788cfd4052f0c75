// Updates a running job's figures once a second and draws the throughput line.
import { type Progress, progressTexts, shareInWords } from "../jobs/progress-words.ts";

const RATES_SHOWN = 14;

function part(name: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-progress="${name}"]`);
}

function drawRates(rates: readonly number[]): void {
  if (rates.length < 2) return;
  const top = Math.max(...rates, 1);
  const points = rates.map(
    (rate, at) => `${(1 + (at * 54) / (RATES_SHOWN - 1)).toFixed(1)} ${(16 - (rate / top) * 14).toFixed(1)}`,
  );
  document.querySelector('[data-progress="rate-line"]')?.setAttribute("d", `M${points.join("L")}`);
}

/** `offset` is added to this machine's clock to get the server's. */
export function startProgress(offset: number): { show: (progress: Progress) => void } {
  const rates: number[] = [];
  let newest: { progress: Progress; heardAt: number } | null = null;
  const write = () => {
    if (newest === null) return;
    const started = Number(document.querySelector<HTMLElement>("#progress")?.dataset.started) || null;
    const texts = progressTexts(newest.progress, started, Date.now() + offset, newest.heardAt);
    for (const [name, text] of Object.entries(texts)) {
      const element = part(name);
      if (element && element.textContent !== text) element.textContent = text;
    }
    const current = part("current")?.parentElement;
    if (current) current.hidden = texts.current === "";
  };
  // Hooks and waits for a lock report no figures, but the elapsed time must keep moving.
  setInterval(write, 1000);
  return {
    show: (progress) => {
      newest = { progress, heardAt: Date.now() + offset };
      write();
      const bar = part("bar") as HTMLProgressElement | null;
      if (bar && progress.percent_done !== null) {
        bar.hidden = false;
        bar.value = progress.percent_done * 100;
      }
      const verdict = part("verdict");
      if (verdict) verdict.textContent = shareInWords(progress);
      if (progress.throughput_bps !== null) rates.push(progress.throughput_bps);
      if (rates.length > RATES_SHOWN) rates.shift();
      drawRates(rates);
    },
  };
}

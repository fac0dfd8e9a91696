const SPAN_MS = 120_000;

/** A strip of the playback's states over the last two minutes, newest at the right. */
export function drawTimeline(canvas: HTMLCanvasElement): (state: string) => void {
  const changes: { at: number; state: string }[] = [];
  const style = getComputedStyle(document.documentElement);
  const context = canvas.getContext('2d')!;
  return (state) => {
    const now = performance.now();
    if (changes.at(-1)?.state !== state) changes.push({ at: now, state });
    while (changes[1] && changes[1].at < now - SPAN_MS) changes.shift();
    const width = (canvas.width = canvas.clientWidth * devicePixelRatio);
    const height = (canvas.height = canvas.clientHeight * devicePixelRatio);
    const x = (at: number) => width - ((now - at) / SPAN_MS) * width;
    changes.forEach(({ at, state: one }, i) => {
      context.fillStyle = style.getPropertyValue(`--${one}`) || '#334155';
      const end = changes[i + 1]?.at ?? now;
      context.fillRect(x(at), 0, Math.max(1, x(end) - x(at)), height);
    });
  };
}

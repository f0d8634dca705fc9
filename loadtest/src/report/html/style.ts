/** The page's only style sheet. */
export const style = `
:root {
  color-scheme: light dark;
  --back: #f6f7f9; --card: #ffffff; --text: #16181d; --soft: #5d6470; --line: #e3e6eb;
  --good: #0a7d4f; --good-back: #e2f5ec; --bad: #b3261e; --bad-back: #fdeceb; --warn: #8a5a00; --warn-back: #fff4dc;
  --c0: #2563eb; --c1: #d97706; --c2: #dc2626; --c3: #059669; --c4: #7c3aed; --c5: #0891b2; --c6: #be185d; --c7: #64748b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #101216; --card: #191c22; --text: #e8eaee; --soft: #9aa1ad; --line: #2b2f37;
    --good: #4ad295; --good-back: #10301f; --bad: #ff8a80; --bad-back: #3a1715; --warn: #f5c451; --warn-back: #332708;
    --c0: #6ea0ff; --c1: #f5a742; --c2: #ff7b72; --c3: #3fcf94; --c4: #b293ff; --c5: #4cc9e0; --c6: #f472b6; --c7: #94a3b8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 60px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 6px 14px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; }
h2 { font-size: 17px; margin: 34px 0 10px; }
p { margin: 4px 0; }
.soft { color: var(--soft); }
.badge { padding: 2px 12px; border-radius: 999px; font-weight: 650; font-size: 15px; }
.badge.good { color: var(--good); background: var(--good-back); }
.badge.bad { color: var(--bad); background: var(--bad-back); }
.box { border-radius: 10px; padding: 10px 16px; margin: 14px 0 0; }
.box.bad { background: var(--bad-back); color: var(--bad); }
.box.warn { background: var(--warn-back); color: var(--warn); }
.box ul { margin: 4px 0 0; padding-left: 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(158px, 1fr)); gap: 12px; margin-top: 20px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 12px 16px; }
.tile b { display: block; font-size: 21px; white-space: nowrap; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.3; }
.tile span { color: var(--soft); font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); gap: 14px; }
.chart, .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; margin: 0; }
.chart figcaption span { color: var(--soft); font-size: 13px; margin-left: 6px; }
.chart svg { display: block; width: 100%; height: auto; margin-top: 6px; touch-action: pan-y; }
.chart text { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.chart text.y { text-anchor: end; } .chart text.x { text-anchor: middle; }
.grid { stroke: var(--line); } .mark { stroke: var(--bad); stroke-dasharray: 4 3; } .cursor { stroke: var(--soft); }
.line { fill: none; stroke: var(--c); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } .line.dot { stroke-width: 6; }
.area { fill: var(--c); opacity: 0.14; } .bar { fill: var(--c); opacity: 0.75; }
.c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
.c4 { --c: var(--c4); } .c5 { --c: var(--c5); } .c6 { --c: var(--c6); } .c7 { --c: var(--c7); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 6px 0 0; padding: 0; font-size: 13px; min-height: 21px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; background: var(--c); margin-right: 6px; }
.legend output { font-weight: 600; font-variant-numeric: tabular-nums; }
.legend .at { margin-left: auto; color: var(--soft); font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: 13px; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.good { color: var(--good); font-weight: 600; } td.bad { color: var(--bad); font-weight: 600; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 14px; }
footer { margin-top: 36px; color: var(--soft); font-size: 13px; }
`;

/** Shows the values under the pointer, in all charts at the same time. */
export const script = `
const charts = [...document.querySelectorAll('figure.chart:not(.empty)')].map((figure) => ({
  data: JSON.parse(figure.querySelector('script').textContent),
  svg: figure.querySelector('svg'),
  cursor: figure.querySelector('.cursor'),
  outputs: [...figure.querySelectorAll('output')],
  at: figure.querySelector('.at'),
}));
const number = (value) => value === null || value === undefined ? '' : value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2);
const clock = (ms) => new Date(ms).toISOString().slice(ms >= 3600000 ? 11 : 14, 19);
const show = (index) => {
  for (const { data, cursor, outputs, at } of charts) {
    const hidden = index === undefined || data.times[index] === undefined;
    cursor.setAttribute('visibility', hidden ? 'hidden' : 'visible');
    outputs.forEach((output, one) => (output.textContent = hidden ? '' : number(data.series[one][index])));
    at.textContent = hidden ? '' : 'at ' + clock(data.times[index]);
    if (hidden) continue;
    const until = data.times[data.times.length - 1];
    const x = data.left + (data.times[index] / until) * (data.width - data.left - data.right);
    cursor.setAttribute('x1', x);
    cursor.setAttribute('x2', x);
  }
};
for (const { data, svg } of charts) {
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * data.width;
    const ms = ((x - data.left) / (data.width - data.left - data.right)) * data.times[data.times.length - 1];
    let nearest = 0;
    data.times.forEach((time, one) => { if (Math.abs(time - ms) < Math.abs(data.times[nearest] - ms)) nearest = one; });
    show(nearest);
  });
  svg.addEventListener('pointerleave', () => show(undefined));
}
`;

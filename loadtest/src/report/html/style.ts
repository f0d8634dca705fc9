/** The page's own style sheet, beside uPlot's. */
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
.plot { margin-top: 6px; min-height: 270px; }
.uplot, .uplot .u-legend { font: 13px/1.5 system-ui, sans-serif; }
.u-legend.u-inline { text-align: left; } .u-legend .u-value { font-weight: 600; font-variant-numeric: tabular-nums; min-width: 4em; display: inline-block; }
.u-legend th, .u-legend td { border: 0; padding: 0; } .u-legend .u-series:first-child th { color: var(--soft); }
.u-cursor-x, .u-cursor-y { border-color: var(--soft) !important; }
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

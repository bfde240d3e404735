// How the page looks: readable on paper, on a small screen, in the dark, and without colours.

export const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --faint: #5c6570; --rule: #d7dce1; --soft: #f3f5f7;
  --good: #1a7f37; --bad: #c62828; --doubt: #8a5a00; --bar: #b9d7f5; --line: #1565c0; --lost: #f2b8b5 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --ink: #e6e9ec; --faint: #9aa4ae; --rule: #333a41; --soft: #1d2226;
    --good: #57c26f; --bad: #ff7b72; --doubt: #e3b341; --bar: #24476b; --line: #79b8ff; --lost: #6b3330 }
}
body { margin: 0 auto; max-width: 90rem; padding: 1rem 1.25rem 3rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: 0.5rem 0 } h2 { font-size: 1.2rem; margin: 2.2rem 0 0.3rem }
h3 { font-size: 1rem; margin: 1.6rem 0 0.4rem } p { margin: 0.4rem 0 }
a { color: inherit; text-decoration-color: var(--faint) }
code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
.notice, .warning { border-left: 4px solid var(--doubt); background: var(--soft); padding: 0.5rem 0.8rem }
.wide { overflow-x: auto; margin: 0.6rem 0 }
table { border-collapse: collapse; font-size: 14px; overflow-wrap: normal } caption { text-align: left; color: var(--faint); padding-bottom: 0.25rem }
th, td { padding: 0.25rem 0.9rem 0.25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule) }
thead th { color: var(--faint); font-weight: 500; white-space: nowrap } tbody th { font-weight: 500; white-space: nowrap }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.remarked > * { border-bottom: 0 } .remark { color: var(--faint); padding: 0 0 0.35rem 1.1rem }
.remark span { position: sticky; left: 1.1rem; display: inline-block; max-width: min(60rem, calc(100vw - 4rem)) }
.share { display: inline-block; min-width: 4.5rem; padding: 0 0.2rem;
  background: linear-gradient(to right, var(--bar) var(--share), var(--soft) 0) }
.badge { font-weight: 600; white-space: nowrap; color: var(--faint) }
.pass, .clean { color: var(--good) } .low, .implausible, .corrupted, .failed { color: var(--bad) }
.inconclusive, .throttled { color: var(--doubt) }
.counts { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem }
details { border-bottom: 1px solid var(--rule) } summary { cursor: pointer; padding: 0.3rem 0 }
details > div { padding: 0.2rem 0 1rem 1.1rem; scroll-margin-top: 3rem }
.waterfall td:last-child { min-width: 18rem }
.waterfall .bar { width: 16rem; min-width: 10rem; white-space: nowrap; font-size: 0 }
.bar span { display: inline-block; height: 1rem } .left { background: var(--line) } .lost { background: var(--lost) }
dl { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: 0.15rem 0.8rem; font-size: 14px }
dt { color: var(--faint) } dd { margin: 0; grid-column: 2; overflow-wrap: anywhere }
figure { margin: 0.8rem 0; max-width: 46rem } figcaption { color: var(--faint); font-size: 14px }
svg { width: 100%; height: auto } .tick { fill: var(--faint); font-size: 11px }
.grid { stroke: var(--rule) } .mark { stroke: var(--doubt); stroke-dasharray: 4 3 }
.line polyline { fill: none; stroke: var(--line); stroke-width: 1.8 } .line circle { fill: var(--line) }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 1.5rem }
.legend { color: var(--faint); font-size: 14px } footer { margin-top: 2rem; color: var(--faint); font-size: 14px }
@media print { body { max-width: none; font-size: 11px } .wide { overflow: visible } }
`;

// Each text colour has a contrast of 4.5 or more to its ground, in light and in dark (WCAG 2.2, 1.4.3): test/page/document.test.ts.
const LIGHT = {
  ...{
    paper: '#fcfcfa',
    raised: '#f3f3ef',
    ink: '#1d1e20',
    quiet: '#5b5f66',
    line: '#dedfdb',
    accent: '#2558a8',
  },
  ...{ good: '#1b6a3a', busy: '#2558a8', waiting: '#7d5200', bad: '#b02a20' },
};
const DARK = {
  ...{
    paper: '#141517',
    raised: '#1c1e21',
    ink: '#e6e7e9',
    quiet: '#a1a6ae',
    line: '#303339',
    accent: '#8ab4f8',
  },
  ...{ good: '#74cd99', busy: '#8ab4f8', waiting: '#e0b355', bad: '#ff9086' },
};

/** The colours of the page, by name, for light and dark surroundings. */
export const COLORS = { light: LIGHT, dark: DARK };

function properties(colors: Readonly<Record<string, string>>): string {
  return Object.entries(colors)
    .map(([name, color]) => `--${name}:${color}`)
    .join(';');
}

/** The style of the page. */
export const STYLE = `:root{color-scheme:light dark;${properties(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${properties(DARK)}}}
*{box-sizing:border-box}
html{font:100%/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans","DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;padding:1.25rem clamp(1rem,4vw,2.5rem) 3rem;max-width:76rem;background:var(--paper);color:var(--ink);font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
h1,h2,h3,p,dl,dd,ol,ul,table{margin:0;padding:0}
ol,ul{list-style:none}
code,.log{font-family:ui-monospace,SFMono-Regular,"SF Mono",Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace;font-size:.86em}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:3px}
main:focus{outline:none}
.quiet,code{color:var(--quiet)}
.nowrap,time{white-space:nowrap}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;padding:.25rem .75rem;background:var(--paper);z-index:1}
header{display:grid;grid-template-columns:1fr auto;align-items:baseline;column-gap:1.5rem}
.brand{grid-column:1/-1;font-size:.8rem;color:var(--quiet);letter-spacing:.02em}
h1{font-size:1.35rem;font-weight:650;letter-spacing:-.01em;line-height:1.3}
.as-of{font-size:.85rem;text-align:right}
nav ul{display:grid;gap:.25rem;margin-top:1rem}
article{margin-top:1.25rem;padding-top:1.25rem;border-top:1px solid var(--line)}
article+article{margin-top:3rem}
h2{font-size:1.05rem;font-weight:650}
h2 small{margin-left:.4rem;font-size:.85rem;font-weight:400;color:var(--quiet)}
h3{font-size:.95rem;font-weight:650;margin-bottom:.6rem}
.count{font-weight:400;color:var(--quiet);margin-left:.15rem}
section{margin-top:2rem}
.columns>div:first-child>section:first-child{margin-top:1rem}
.sign{display:inline-block;width:1.15em;text-align:center;font-weight:700}
.good>.sign,.sign.good{color:var(--good)}.busy>.sign,.sign.busy{color:var(--busy)}.waiting>.sign,.sign.waiting{color:var(--waiting)}.bad>.sign,.sign.bad{color:var(--bad)}
.marked{display:inline-flex;gap:.35em}
.state{border-left:3px solid var(--tone);padding:.15rem 0 .15rem 1.1rem}
.state.good{--tone:var(--good)}.state.busy{--tone:var(--busy)}.state.waiting{--tone:var(--waiting)}.state.bad{--tone:var(--bad)}
.state h3{font-size:clamp(1.3rem,1rem + 1.6vw,1.7rem);font-weight:600;letter-spacing:-.015em;line-height:1.25;margin:0}
.state h3 .sign{font-size:.8em}
.why{margin-top:.4rem;max-width:46rem;white-space:pre-line}
.way{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem 2rem;margin-top:1.25rem;max-width:34rem}
.way dt{font-size:.85rem;color:var(--quiet)}
.way dd{font-size:.9rem;color:var(--quiet)}
.way dd.tag{font-size:1.3rem;line-height:1.35;font-weight:600;color:var(--ink);letter-spacing:-.01em}
.way dd.none{font-weight:400;color:var(--quiet)}
.notices{margin-top:1.25rem;padding:.7rem .9rem;background:var(--raised);border-radius:6px;font-size:.92rem}
.notices li+li{margin-top:.4rem}
.gates{display:grid;gap:.35rem;font-size:.92rem}
.gates li{display:grid;grid-template-columns:minmax(0,11rem) minmax(0,1fr);gap:0 1rem}
section>p{font-size:.92rem}
table{width:100%;table-layout:fixed;border-collapse:collapse;font-size:.92rem}
th:first-child{width:30%}.status{width:20%}.release{width:26%}
th,td{padding:.3rem .75rem .3rem 0;text-align:left;font-weight:400;vertical-align:baseline;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{font-size:.85rem;color:var(--quiet);padding-top:0}
.number{text-align:right}
td.number{white-space:nowrap}
.entries li+li{margin-top:.7rem}
.tag{font-weight:600}
.cause{font-size:.9rem;white-space:pre-wrap;max-height:15rem;overflow:auto;padding:.6rem .9rem;background:var(--raised);border-radius:6px}
.entries .cause{margin-top:.35rem}
.entries{margin-top:.6rem;font-size:.92rem}
.facts{display:grid;grid-template-columns:minmax(0,6rem) minmax(0,1fr);gap:.3rem 1rem;font-size:.9rem}
.facts dt{color:var(--quiet)}
.runs>li{border-top:1px solid var(--line)}
.runs>li:last-child{border-bottom:1px solid var(--line)}
summary{display:grid;grid-template-columns:1.5rem minmax(0,1fr) auto;align-items:baseline;gap:0 .35rem;padding:.55rem 0;cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
summary:hover .what{text-decoration:underline;text-decoration-color:var(--quiet);text-underline-offset:3px}
summary .outcome{text-align:right}
summary .outcome::after{content:"";display:inline-block;width:.35em;height:.35em;margin:0 .1em .2em .7em;border:solid var(--quiet);border-width:0 1.5px 1.5px 0;transform:rotate(45deg)}
details[open] summary .outcome::after{transform:rotate(-135deg);margin-bottom:0}
summary .when{grid-column:2/-1;font-size:.88rem}
summary .bar{grid-column:2/-1;margin:.4rem 0 .15rem}
summary .problem{grid-column:2/-1;font-size:.9rem;color:var(--quiet);overflow:hidden;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2}
details[open] summary .problem{display:none}
.bar{display:block;width:100%;height:5px}
.key{width:.6rem;height:.6rem}
.staging{fill:var(--busy)}.staged{fill:var(--quiet);opacity:.45}.activating{fill:var(--waiting)}.proving{fill:var(--good)}.rollingBack,.stuck{fill:var(--bad)}.repairing{fill:var(--waiting)}
.run{padding:.1rem 0 1.25rem 1.85rem}
.run>*+*{margin-top:.75rem}
.phases{display:flex;flex-wrap:wrap;gap:.2rem 1.25rem;font-size:.9rem}
.log{max-height:26rem;overflow:auto;padding:.7rem .9rem;background:var(--raised);border-radius:6px;font-size:.8rem;line-height:1.6}
.log li{display:grid;grid-template-columns:auto minmax(0,1fr) auto;gap:0 .9rem}
.log time,.log .output .text,.took{color:var(--quiet)}
.log .step .text{font-weight:600}
.log .text{white-space:pre-wrap}
.log .output .text{padding-left:1.25rem}
footer{margin-top:3rem;font-size:.85rem}
@media (min-width:62rem){.columns{display:grid;grid-template-columns:minmax(0,1fr) 20rem;gap:0 4rem}.columns>div+div>section:first-child,.columns>div+div>section[hidden]+section{margin-top:1rem}}
@media (max-width:34rem){.wide{display:none}.status{width:27%}.release{width:22%}header{grid-template-columns:1fr}.as-of{text-align:left}h2 small{display:block;margin-left:0}.run{padding-left:0}.gates li{grid-template-columns:1fr}.log li{gap:0 .6rem}.log .output .text{padding-left:0}.way{gap:1rem}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media (forced-colors:active){.state{border-color:CanvasText}rect{forced-color-adjust:none}}
@media print{.log{max-height:none}}`;

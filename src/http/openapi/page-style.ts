/** The style sheet of `/docs`. All colours have a contrast of at least 4.5 in both themes. */
export const style = `
:root { color-scheme: light dark; --ground: #fff; --text: #1c2024; --dim: #545b63; --line: #d5dae0; --tint: #f3f5f7; --link: #0a58ca; --mark: #fff4cc; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171a; --text: #e6e9ec; --dim: #a4acb5; --line: #363d45; --tint: #1e2328; --link: #7db4ff; --mark: #3a3212; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
code, pre, .method { font-family: ui-monospace, monospace; font-size: 0.9em; }
a { color: var(--link); text-decoration: none; }
a:hover, main p a, main li a, main td a { text-decoration: underline; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
:target { background: var(--mark); }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; padding: 0.5rem 1rem; background: var(--ground); z-index: 1; }
nav { padding: 1rem; border-bottom: 1px solid var(--line); background: var(--tint); }
nav h2 { margin: 1rem 0 0.25rem; font-size: 1rem; }
nav ul { margin: 0; padding: 0; list-style: none; font-size: 0.85rem; }
nav li a { display: block; padding: 0.1rem 0; overflow-wrap: anywhere; }
main { padding: 1rem; max-width: 60rem; }
h1 small, h2 small { color: var(--dim); font-weight: normal; }
section { margin-top: 3rem; }
article { margin: 2rem 0; padding: 0 0 1rem 1rem; border-left: 3px solid var(--line); }
h2, h3 { overflow-wrap: anywhere; }
h4 { margin: 1rem 0 0.25rem; }
.method { font-weight: bold; }
.summary { font-weight: bold; }
.type, small { color: var(--dim); }
p { margin: 0.25rem 0 0.5rem; }
td p, td ul { margin: 0 0 0.25rem; }
ul { padding-left: 1.25rem; }
pre { margin: 0.5rem 0; padding: 0.75rem; overflow-x: auto; background: var(--tint); border: 1px solid var(--line); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.4rem 0.6rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
tbody th { width: 30%; font-weight: normal; }
.statuses tbody th { width: 5rem; }
@media (min-width: 60rem) {
  body { display: grid; grid-template-columns: 20rem 1fr; }
  nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; border-bottom: 0; border-right: 1px solid var(--line); }
  main { padding: 1rem 3rem; }
}
@media print { nav, .skip { display: none; } }
`;

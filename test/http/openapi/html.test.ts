import { expect, test } from "bun:test";
import { html, inline, join, paragraphs } from "../../../src/http/openapi/html.ts";

test("text is escaped, markup and lists of markup are not", () => {
  const cell = html`<td>${`<b>&"'`}</td>`;
  expect(cell.text).toBe("<td>&lt;b&gt;&amp;&quot;&#x27;</td>");
  expect(
    html`<tr>
      ${cell}${[cell, cell]}${3}
    </tr>`.text,
  ).toBe(`<tr>\n${cell.text.repeat(3)}3\n</tr>`);
});

test("line breaks are kept, indentation is removed", () => {
  expect(
    html`<ul>
      <li></li>
    </ul>`.text,
  ).toBe("<ul>\n<li></li>\n</ul>");
});

test("line breaks and spaces of inserted text are kept", () => {
  expect(html`<pre>${"a\n  b"}</pre>`.text).toBe("<pre>a\n  b</pre>");
});

test("join puts the separator between the parts", () => {
  expect(join([html`a`, html`b`], ", ").text).toBe("a, b");
  expect(join([]).text).toBe("");
});

test("text between backticks is code, and is escaped", () => {
  expect(inline("set `a<b` or `c`").text).toBe("set <code>a&lt;b</code> or <code>c</code>");
});

test("empty lines separate paragraphs", () => {
  expect(paragraphs("one\n\ntwo `x`").text).toBe("<p>one</p><p>two <code>x</code></p>");
});

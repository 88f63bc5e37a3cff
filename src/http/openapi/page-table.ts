import { type Html, html } from "./html.ts";

/** A table with two column headers; each row is a `tr`. */
export function table([first, second]: readonly [string, string], rows: readonly Html[], className = ""): Html {
  return html`<table class="${className}">
    <thead>
      <tr>
        <th scope="col">${first}</th>
        <th scope="col">${second}</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

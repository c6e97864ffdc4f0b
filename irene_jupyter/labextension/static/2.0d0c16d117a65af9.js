"use strict";(self.rspackChunkirene_jupyter=self.rspackChunkirene_jupyter||[]).push([[2],{32(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The extension's parts around the tree; colours are those of JupyterLab's theme. */
.irene-lab-output {
  padding: 2px 0;
}

.jp-MimeDocument .irene-lab-output {
  overflow: auto;
  padding: 12px;
}

/* A document has the whole tab for its tree; the headings stay. */
.jp-MimeDocument .irene-tree :is(.irene-scroll, .irene-detail) {
  max-height: max(320px, 100vh - 300px);
}

/* Sidebar */
.irene-history {
  display: flex;
  flex-direction: column;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  font-variant-numeric: tabular-nums;
  min-width: 220px;
}

.irene-history-title {
  margin: 0;
  padding: 10px 12px 8px;
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.irene-history-name {
  color: var(--jp-ui-font-color2);
  font-weight: 400;
}

.irene-history-list {
  margin: 0;
  padding: 0;
  list-style: none;
  overflow: auto;
  border-top: 1px solid var(--jp-border-color2);
}

.irene-history-row {
  display: flex;
  align-items: stretch;
  border-bottom: 1px solid var(--jp-border-color3);
}

.irene-history-row:hover {
  background: var(--jp-layout-color2);
}

.irene-history-pick {
  flex: none;
  width: 16px;
  height: 16px;
  margin: 10px 2px 0 10px;
  accent-color: var(--jp-brand-color1);
}

.irene-history-jump {
  flex: 1;
  display: grid;
  grid-template-columns: auto auto 1fr;
  align-items: center;
  gap: 3px 8px;
  min-width: 0;
  padding: 8px 12px 10px 6px;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  text-align: left;
  cursor: pointer;
}

.irene-history-prompt {
  color: var(--jp-ui-font-color2);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.irene-history-jump .irene-badge {
  justify-self: end;
}

.irene-history-line {
  grid-column: 1 / -1;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
  color: var(--jp-ui-font-color2);
  font-family: var(--jp-code-font-family);
  font-size: 12px;
}

.irene-history-bar {
  grid-column: 1 / -1;
  height: 4px;
  border-radius: 2px;
  background: linear-gradient(#d9601f, #d9601f) 0 / calc(var(--share) * 100%) 100% no-repeat
    var(--jp-border-color3);
}

.irene-history-foot {
  display: flex;
  align-items: center;
  gap: 8px;
  padding: 10px 12px;
}

.irene-history-hint {
  flex: 1;
  margin: 0;
  color: var(--jp-ui-font-color2);
  line-height: 1.45;
}

.irene-history-compare {
  height: 28px;
  padding: 0 14px;
  border: 0;
  border-radius: var(--jp-border-radius);
  background: var(--jp-brand-color1);
  color: var(--jp-ui-inverse-font-color1);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}

.irene-history-compare:disabled {
  background: var(--jp-layout-color3);
  color: var(--jp-ui-font-color2);
  cursor: default;
}

.irene-history :focus-visible,
.irene-lab-status-button:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -2px;
}

/* Badges take the ink of the sidebar, which has no tree around them. */
.irene-history {
  --irene-ink: var(--jp-ui-font-color1);
  --irene-soft-ink: var(--jp-ui-font-color2);
  --irene-line: var(--jp-border-color1);
  --irene-warn: #b45309;
}

[data-jp-theme-light="false"] .irene-history {
  --irene-warn: #f0b24a;
}

/* Status bar */
.irene-lab-status-button {
  display: flex;
  gap: 3px;
  align-items: center;
  height: 100%;
  padding: 0 4px;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  font-variant-numeric: tabular-nums;
  cursor: pointer;
}

.irene-lab-status-button:hover {
  background: var(--jp-layout-color3);
}

.irene-lab-status-icon {
  display: flex;
}

.irene-lab-status-icon svg {
  width: 14px;
  height: 14px;
}

/* The toggle, while its cell is measured */
[data-command="irene-jupyter:measure-cell"][aria-pressed="true"] svg path[fill] {
  fill: #d9601f;
}

/* Comparison */
.irene-lab-comparison {
  overflow: auto;
  padding: 12px;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
}

/* In Notebook 7 it is a dialog: as wide as the tree needs, and it scrolls itself. */
.jp-Dialog-content:has(.irene-lab-comparison) {
  max-height: 90vh;
}

.jp-Dialog .irene-lab-comparison {
  width: min(900px, 80vw);
  padding: 2px;
}
`,""]),c.d(b,{},{A:g})},28(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* Two reports against each other. */
.irene-panes[data-comparison] {
  --irene-columns: minmax(170px, 1fr) 72px 72px 150px 70px 116px;
}

.irene-panes[data-comparison] .irene-energy {
  font-weight: 400;
}

.irene-before,
.irene-after,
.irene-change {
  text-align: right;
}

.irene-total-change {
  font-size: 16px;
  font-weight: 600;
}

.irene-tree .irene-sides {
  display: grid;
  grid-template-columns: fit-content(38%) minmax(0, 1fr);
  gap: 0 10px;
  margin-top: 3px;
}

.irene-side {
  color: var(--irene-soft-ink);
  overflow-wrap: anywhere;
}

.irene-side-label {
  font-weight: 600;
  overflow-wrap: anywhere;
}

.irene-tree.irene-tree .irene-detail-difference {
  margin: 2px 0;
}

.irene-detail-difference strong {
  font-size: 16px;
}

.irene-tree.irene-tree .irene-legend {
  display: none;
  padding: 0 14px 6px;
  color: var(--irene-soft-ink);
  font-size: 12px;
}

.irene-heading .irene-difference {
  text-align: right;
}

.irene-row .irene-difference {
  display: flex;
  align-items: center;
  gap: 8px;
}

/* Less to the left of the line, more to the right. */
.irene-delta {
  position: relative;
  flex: 1;
  height: 10px;
  background: linear-gradient(var(--irene-line), var(--irene-line))
    calc(var(--axis) * 100%) / 1px 100% no-repeat;
}

.irene-delta-fill {
  position: absolute;
  top: 0;
  bottom: 0;
  width: calc(var(--length) * 100%);
}

[data-sign="more"] .irene-delta-fill {
  left: calc(var(--axis) * 100%);
  background: var(--irene-hot);
}

[data-sign="less"] .irene-delta-fill {
  right: calc((1 - var(--axis)) * 100%);
  background: var(--irene-less);
}

.irene-row:is([data-verdict="within intervals"], [data-verdict="no verdict"]) .irene-delta-fill {
  opacity: 0.45;
}

.irene-delta-text {
  flex: 0 0 72px;
  text-align: right;
  white-space: nowrap;
}

.irene-row[data-verdict="no difference"] :is(.irene-delta-text, .irene-change) {
  color: var(--irene-soft-ink);
}

.irene-row[data-verdict="significant"] :is(.irene-delta-text, .irene-change) {
  font-weight: 600;
}

.irene-row .irene-change {
  white-space: nowrap;
}

.irene-verdict-badge {
  display: inline-block;
  padding: 0 6px;
  border: 1px solid transparent;
  border-radius: 8px;
  color: var(--irene-soft-ink);
  font-size: 11px;
  font-weight: 400;
  line-height: 16px;
  white-space: nowrap;
  vertical-align: 1px;
}

.irene-verdict-badge[data-verdict="significant"] {
  border-color: currentcolor;
  color: var(--irene-ink);
  font-weight: 600;
}

.irene-verdict-badge[data-verdict^="only"] {
  border: 1px dashed currentcolor;
}

.irene-panes[data-comparison] .irene-table {
  width: 100%;
  margin-top: 8px;
  font-size: 12px;
}

.irene-tree.irene-tree .irene-panes[data-comparison] .irene-table :is(th, td) {
  padding-right: 6px;
  vertical-align: top;
  white-space: normal;
  overflow-wrap: anywhere;
  text-align: left;
}

/* Names of features break between words, what nodes are called breaks anywhere. */
.irene-tree.irene-tree .irene-panes[data-comparison] .irene-table :is(th, td):first-child {
  color: var(--irene-soft-ink);
  overflow-wrap: normal;
}

/* Less room: the bar is a line under its number. */
@container irene (max-width: 1199px) {
  .irene-panes[data-comparison] {
    --irene-columns: minmax(140px, 1fr) 68px 68px 84px 66px 106px;
  }

  .irene-row .irene-difference {
    position: relative;
    align-self: stretch;
  }

  .irene-delta {
    position: absolute;
    inset: auto 0 1px;
    height: 3px;
    background: none;
  }

  .irene-delta-text {
    flex: 1;
  }
}

@container irene (max-width: 639px) {
  .irene-panes[data-comparison] {
    --irene-columns: minmax(96px, 1fr) 74px 66px 104px;
  }

  .irene-panes[data-comparison] :is(.irene-heading, .irene-row) > :is(.irene-energy, .irene-before, .irene-after) {
    display: none;
  }
}

@container irene (max-width: 479px) {
  .irene-panes[data-comparison] {
    --irene-columns: minmax(80px, 1fr) 72px 74px;
  }

  .irene-verdict {
    display: none;
  }

  .irene-row[data-verdict="significant"] .irene-change::after {
    content: " *";
  }

  .irene-tree.irene-tree .irene-legend {
    display: block;
  }
}

@media (forced-colors: active) {
  .irene-delta-fill {
    background: CanvasText !important;
    forced-color-adjust: none;
  }

  .irene-row[aria-selected="true"] .irene-delta-fill {
    background: HighlightText !important;
  }
}
`,""]),c.d(b,{},{A:g})},26(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The pane of the selected node: beside the tree where there is room, else below it. */
.irene-detail {
  border-top: 1px solid var(--irene-line);
  padding: 10px 14px;
  max-height: min(70vh, 560px);
  overflow: auto;
}

.irene-tree.irene-tree .irene-detail-title {
  font-size: 14px;
  font-weight: 600;
  line-height: 1.3;
  color: inherit;
  overflow-wrap: anywhere;
}

.irene-detail-path {
  color: var(--irene-soft-ink);
  font: 12px/1.4 var(--jp-code-font-family, ui-monospace, monospace);
  overflow-wrap: anywhere;
}

.irene-tree.irene-tree :is(.irene-flags, .irene-actions) {
  margin-top: 8px;
}

.irene-tree.irene-tree .irene-facts {
  display: grid;
  margin-top: 8px;
}

.irene-facts {
  grid-template-columns: max-content minmax(0, 1fr);
  gap: 2px 14px;
}

.irene-facts dt {
  color: var(--irene-soft-ink);
  font-weight: 400;
}

.irene-facts dd {
  overflow-wrap: anywhere;
}

@container irene (min-width: 960px) {
  .irene-panes {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 288px;
  }

  .irene-detail {
    border-top: 0;
    border-left: 1px solid var(--irene-line);
  }
}

@container irene (min-width: 560px) and (max-width: 959px) {
  .irene-facts {
    grid-template-columns: max-content minmax(0, 1fr) max-content minmax(0, 1fr);
  }
}
`,""]),c.d(b,{},{A:g})},22(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The head: total, provenance, runs, warnings. And what stands in place of a tree. */
.irene-head {
  padding: 10px 14px 8px;
}

.irene-total {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 2px 12px;
}

.irene-total-value {
  font-size: 22px;
  font-weight: 650;
  line-height: 1.2;
  letter-spacing: -0.01em;
}

.irene-interval,
.irene-runs,
.irene-hint {
  color: var(--irene-soft-ink);
}

.irene-provenance {
  overflow-wrap: anywhere;
}

/* What a run took stands at its end: rather a second line than an ellipsis. */
.irene-tree.irene-tree .irene-run {
  padding-left: 14px;
  text-indent: -14px;
  overflow-wrap: anywhere;
}

.irene-tree.irene-tree .irene-run-part {
  padding-left: 28px;
}

.irene-fact {
  display: inline-block;
  text-indent: 0;
  white-space: pre;
}

.irene-fact::before {
  content: " \xb7 ";
}

.irene-tree.irene-tree .irene-notes {
  margin-top: 6px;
}

.irene-tree.irene-tree .irene-note {
  border-left: 3px solid var(--irene-warn);
  padding: 1px 0 1px 8px;
  overflow-wrap: anywhere;
}

.irene-tree.irene-tree .irene-note + .irene-note {
  margin-top: 3px;
}

.irene-sign {
  color: var(--irene-warn);
}

.irene-tree.irene-tree .irene-empty {
  padding: 8px 14px;
}

/* The foot: tables of phases and parts, what was read and spent meanwhile, files. */
.irene-foot {
  border-top: 1px solid var(--irene-line);
  padding: 8px 14px 4px;
}

.irene-table-slot {
  overflow-x: auto;
  margin-bottom: 8px;
}

.irene-tree.irene-tree .irene-table {
  border-collapse: collapse;
  border: 0;
}

.irene-tree.irene-tree .irene-table :is(th, td) {
  padding: 1px 18px 1px 0;
  border: 0;
  background: none;
  color: inherit;
  font-weight: 400;
  text-align: right;
  white-space: nowrap;
}

.irene-tree.irene-tree .irene-table tr {
  background: none;
}

.irene-tree.irene-tree .irene-table thead th {
  color: var(--irene-soft-ink);
  font-size: 12px;
}

.irene-table thead th::first-letter {
  text-transform: uppercase;
}

.irene-tree.irene-tree .irene-table :is(th, td):first-child {
  text-align: left;
}

.irene-table-name {
  display: inline-block;
  max-width: 320px;
  overflow: hidden;
  text-overflow: ellipsis;
  vertical-align: bottom;
}

.irene-line {
  color: var(--irene-soft-ink);
  font-size: 12px !important;
  margin-bottom: 4px !important;
  overflow-wrap: anywhere;
}

.irene-saving {
  display: flex;
  align-items: center;
  gap: 4px;
  padding: 6px 14px;
  border-top: 1px solid var(--irene-line);
  color: var(--irene-soft-ink);
  font-size: 12px;
}

.irene-foot-slot:not(:empty) + .irene-saving {
  border-top: 0;
  padding-top: 2px;
}

@container irene (max-width: 559px) {
  .irene-tree.irene-tree .irene-table :is(th, td) {
    padding-right: 10px;
  }
}
`,""]),c.d(b,{},{A:g})},27(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The icicle: boxes as wide as their energy, in the colours of figure 5. */
.irene-icicle {
  padding: 8px 14px 14px;
  min-width: 0;
}

.irene-crumbs {
  display: flex;
  flex-wrap: wrap;
  min-height: 24px;
  color: var(--irene-soft-ink);
  font-size: 12px;
}

.irene-crumb {
  max-width: 220px;
  padding: 0 2px;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
  cursor: pointer;
}

.irene-crumb:hover {
  text-decoration: underline;
}

.irene-crumb + .irene-crumb::before {
  content: "› ";
}

.irene-crumb[aria-current] {
  color: var(--irene-ink);
  font-weight: 600;
}

.irene-boxes {
  position: relative;
  overflow: hidden;
}

.irene-box {
  position: absolute;
  display: flex;
  gap: 6px;
  height: 32px;
  border: solid var(--irene-paper);
  border-width: 0 1px 1px 0;
  font-size: 12px;
  line-height: 31px;
  white-space: nowrap;
  overflow: hidden;
  cursor: default;
}

.irene-box:hover {
  filter: brightness(1.06) saturate(1.1);
}

.irene-box-name {
  flex: 0 1 auto;
  min-width: 0;
  padding-left: 5px;
  overflow: hidden;
  text-overflow: ellipsis;
}

.irene-box-share {
  flex: 0 1000000 auto;
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
  opacity: 0.85;
}

.irene-box[data-flagged] {
  text-decoration: underline dotted;
  text-underline-offset: 3px;
}

.irene-box[aria-selected="true"] {
  box-shadow: inset 0 0 0 2px var(--irene-accent);
}

.irene-tree .irene-box:focus-visible {
  outline: 2px solid currentcolor;
  outline-offset: -4px;
}

@media (forced-colors: active) {
  .irene-box {
    border: 1px solid CanvasText;
    line-height: 29px;
  }

  .irene-box[aria-selected="true"] {
    background: Highlight !important;
    color: HighlightText !important;
    forced-color-adjust: none;
  }
}
`,""]),c.d(b,{},{A:g})},24(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* What stands in the cells of a row: flags, bars, badges. */
.irene-mark {
  flex: 0 1 auto;
  min-width: 22px;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
  padding: 0 5px;
  border: 1px solid currentcolor;
  border-radius: 3px;
  color: var(--irene-warn);
  font-size: 11px;
  line-height: 15px;
}

.irene-row .irene-share {
  display: flex;
  align-items: center;
  gap: 8px;
}

.irene-bar {
  flex: 1;
  height: 10px;
  border-radius: 2px;
  background: var(--irene-hover);
  overflow: hidden;
}

.irene-fill {
  --heat: color-mix(in oklab, var(--irene-hot) var(--heat-at), var(--irene-cool));
  display: block;
  height: 100%;
  width: max(calc(var(--share) * 100%), 1px);
  background: linear-gradient(
    to right,
    var(--heat) calc(var(--own) * 100%),
    color-mix(in srgb, var(--heat) 55%, transparent) 0
  );
}

[data-outside] .irene-fill {
  filter: grayscale(1);
}

[data-outside] .irene-energy {
  color: var(--irene-soft-ink);
}

.irene-percent {
  flex: 0 0 54px;
  text-align: right;
  white-space: nowrap;
}

.irene-badge {
  padding: 0 6px;
  border: 1px solid var(--irene-line);
  border-radius: 8px;
  color: var(--irene-soft-ink);
  font-size: 11px;
  line-height: 16px;
  display: inline-block;
}

.irene-badge[data-source="measured"],
.irene-badge[data-source="replayed"] {
  border-color: currentcolor;
  color: var(--irene-ink);
}

.irene-badge[data-source="estimated"],
.irene-badge[data-source="simulated"] {
  border: 1px dashed currentcolor;
  color: var(--irene-warn);
}

@media (forced-colors: active) {
  .irene-bar {
    border: 1px solid CanvasText;
    background: Canvas;
    forced-color-adjust: none;
  }

  .irene-fill {
    background: CanvasText;
  }
}

/* What a search found. */
.irene-row[data-match] .irene-label {
  border-radius: 2px;
  background: color-mix(in srgb, var(--irene-hot) 28%, transparent);
  box-shadow: 0 0 0 2px color-mix(in srgb, var(--irene-hot) 28%, transparent);
}
`,""]),c.d(b,{},{A:g})},23(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* Buttons and menus over the tree. */
.irene-toolbar {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px;
  padding: 0 14px 8px;
}

.irene-spring {
  flex: 1;
}

.irene-toolbar-label,
.irene-menu {
  color: var(--irene-soft-ink);
}

.irene-tools {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px;
}

.irene-tools[hidden],
.irene-segments[hidden] {
  display: none;
}

.irene-menu {
  white-space: nowrap;
}

.irene-button,
.irene-select,
.irene-search {
  height: 24px;
  min-width: 26px;
  margin: 0;
  padding: 0 8px;
  border: 1px solid color-mix(in srgb, var(--irene-ink) 28%, transparent);
  border-radius: 4px;
  background: transparent;
  color: var(--irene-ink);
  font: inherit;
  line-height: 1;
}

.irene-button,
.irene-select {
  cursor: pointer;
}

.irene-search {
  width: 150px;
}

.irene-search::placeholder {
  color: var(--irene-soft-ink);
  opacity: 1;
}

.irene-select {
  padding: 0 2px;
}

.irene-select:disabled {
  opacity: 0.55;
  cursor: default;
}

.irene-select option {
  background: var(--irene-paper);
  color: var(--irene-ink);
}

.irene-button:hover,
.irene-select:hover:enabled {
  background: var(--irene-hover);
}

.irene-primary {
  border-color: var(--irene-warn);
  font-weight: 600;
}

.irene-segments {
  display: flex;
}

.irene-segments .irene-button {
  border-radius: 0;
  margin-left: -1px;
}

.irene-segments .irene-button:first-child {
  border-radius: 4px 0 0 4px;
  margin-left: 0;
}

.irene-segments .irene-button:last-child {
  border-radius: 0 4px 4px 0;
}

.irene-segments .irene-button[aria-pressed="true"] {
  background: color-mix(in srgb, var(--irene-accent) 16%, transparent);
  border-color: var(--irene-accent);
  position: relative;
}

.irene-segments .irene-button:focus-visible {
  position: relative;
}

.irene-tree.irene-tree .irene-status:not(:empty) {
  padding: 0 14px 8px;
  overflow-wrap: anywhere;
}

.irene-saving .irene-button {
  height: 20px;
  padding: 0 6px;
  font-size: 11px;
}

@media (forced-colors: active) {
  .irene-segments .irene-button[aria-pressed="true"] {
    background: Highlight;
    color: HighlightText;
    forced-color-adjust: none;
  }
}
`,""]),c.d(b,{},{A:g})},25(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The grid: its columns and rows; fewer columns where it is narrow. */
.irene-tree {
  --irene-columns: minmax(170px, 1fr) 132px 72px 62px 68px 116px 80px;
}

.irene-panes {
  border-top: 1px solid var(--irene-line);
}

.irene-scroll {
  max-height: min(70vh, 560px);
  overflow: auto;
  scroll-padding-top: 27px;
}

.irene-heading,
.irene-row {
  display: grid;
  grid-template-columns: var(--irene-columns);
  align-items: center;
  column-gap: 10px;
  padding: 0 14px 0 8px;
}

.irene-heading {
  position: sticky;
  top: 0;
  z-index: 1;
  height: 26px;
  background: var(--irene-paper);
  border-bottom: 1px solid var(--irene-line);
  color: var(--irene-soft-ink);
  font-size: 12px;
}

.irene-heading > * {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.irene-heading .irene-name {
  padding-left: 18px;
}

.irene-body {
  position: relative;
  height: calc(var(--rows, 0) * 26px);
}

/* At its place: rows out of sight are not there (\`rows_in_sight.ts\`). */
.irene-row {
  position: absolute;
  inset: calc(var(--place) * 26px) 0 auto;
  height: 26px;
  cursor: default;
  border-left: 3px solid transparent;
  padding-left: 5px;
}

.irene-row:hover {
  background: var(--irene-hover);
}

.irene-row[aria-selected="true"] {
  background: color-mix(in srgb, var(--irene-accent) 16%, transparent);
  border-left-color: var(--irene-accent);
}

.irene-row:focus {
  outline: none;
}

.irene-row:focus-visible {
  outline: 2px solid var(--irene-accent);
  outline-offset: -2px;
}

.irene-energy,
.irene-of-parent,
.irene-own,
.irene-range {
  text-align: right;
  white-space: nowrap;
}

.irene-of-parent,
.irene-own,
.irene-range {
  color: var(--irene-soft-ink);
}

.irene-row .irene-name {
  --indent: calc(var(--level) * 16px);
  position: relative;
  display: flex;
  align-items: center;
  gap: 6px;
  height: 100%;
  min-width: 0;
  padding-left: var(--indent);
}

.irene-row .irene-name::before {
  content: "";
  position: absolute;
  inset: 0 auto 0 0;
  width: var(--indent);
  background: repeating-linear-gradient(
    to right,
    transparent 0 7px,
    var(--irene-line) 7px 8px,
    transparent 8px 16px
  );
}

.irene-twisty {
  flex: 0 0 16px;
  width: 16px;
  height: 100%;
  margin-right: -4px;
}

[aria-expanded] .irene-twisty {
  cursor: pointer;
}

.irene-twisty::before {
  content: "";
  display: block;
  width: 6px;
  height: 6px;
  margin: 9px 0 0 4px;
  border: solid var(--irene-soft-ink);
  border-width: 0 1.5px 1.5px 0;
}

[aria-expanded="false"] .irene-twisty::before {
  transform: rotate(-45deg);
}

[aria-expanded="true"] .irene-twisty::before {
  transform: translateY(-1.5px) rotate(45deg);
}

.irene-row:not([aria-expanded]) .irene-twisty::before {
  width: 4px;
  height: 4px;
  margin: 11px 0 0 6px;
  border: 0;
  border-radius: 50%;
  background: var(--irene-line);
}

.irene-label {
  flex: 0 1 auto;
  min-width: 0;
}

.irene-label,
.irene-class {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.irene-class {
  /* Nearly all the shrinking, but not by pixels of the name: a fraction would cut a letter. */
  flex: 0 1000000 auto;
  min-width: 0;
  color: var(--irene-soft-ink);
  font-size: 12px;
}

[data-kind="section"] .irene-name {
  grid-column: 1 / -1;
}

[data-kind="model"] .irene-label,
[data-kind="group"] .irene-label,
[data-kind="section"] .irene-label {
  font-weight: 600;
}

/* Fewer columns where there is less room; the details have them all. */
@container irene (min-width: 960px) and (max-width: 1139px) {
  .irene-panes {
    --irene-columns: minmax(160px, 1fr) 124px 70px 60px 66px 80px;
  }

  .irene-range {
    display: none;
  }
}

@container irene (min-width: 560px) and (max-width: 799px) {
  .irene-panes {
    --irene-columns: minmax(120px, 1fr) minmax(104px, 20%) 70px 60px 80px;
  }

  .irene-own,
  .irene-range {
    display: none;
  }
}

@container irene (max-width: 559px) {
  .irene-panes {
    --irene-columns: minmax(100px, 1fr) 96px 70px 80px;
  }

  .irene-of-parent,
  .irene-own,
  .irene-range {
    display: none;
  }
}

/* The badge says it too, where there is room for it. */
@container irene (min-width: 480px) {
  .irene-row[data-source="estimated"] .irene-mark[data-code="estimated"] {
    display: none;
  }
}

/* A sign at every width: where one node waits for its host, nearly all do. */
.irene-row .irene-mark[data-code="launch-bound"] {
  height: 17px;
  font-size: 0;
  line-height: 0;
}

.irene-row .irene-mark[data-code="launch-bound"]::after {
  display: block;
  font-size: 11px;
  line-height: 15px;
  content: "◔";
}

@container irene (max-width: 479px) {
  .irene-panes {
    --irene-columns: minmax(100px, 1fr) 52px 70px;
  }

  .irene-row .irene-label {
    min-width: 44px;
  }

  /* Signs for words; the warnings above the tree have both. */
  .irene-row .irene-mark:is([data-code="estimated"], [data-code="extrapolated"]) {
    height: 17px;
    font-size: 0;
    line-height: 0;
  }

  .irene-mark::after {
    display: block;
    line-height: 15px;
  }

  .irene-mark[data-code="estimated"]::after {
    content: "≈";
    font-size: 11px;
  }

  .irene-mark[data-code="extrapolated"]::after {
    content: "↗";
    font-size: 11px;
  }

  .irene-source,
  .irene-bar,
  .irene-row .irene-class {
    display: none;
  }
}

@media (forced-colors: active) {
  .irene-row {
    border-left-color: Canvas;
  }

  .irene-row[aria-selected="true"] {
    background: Highlight;
    border-left-color: Highlight;
    forced-color-adjust: none;
  }

  .irene-row[aria-selected="true"],
  .irene-row[aria-selected="true"] *,
  .irene-row[aria-selected="true"] .irene-twisty::before {
    color: HighlightText;
    border-color: HighlightText;
  }
}
`,""]),c.d(b,{},{A:g})},21(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The frame and its colours: Jupyter's theme, else the system's. */
.irene-tree {
  --irene-ink: var(--jp-ui-font-color1, CanvasText);
  --irene-paper: var(--jp-layout-color1, Canvas);
  /* Jupyter's own second colour is too pale to be read on a selected row. */
  --irene-soft-ink: color-mix(in srgb, var(--irene-ink) 74%, var(--irene-paper));
  --irene-hover: color-mix(in srgb, var(--irene-ink) 6%, transparent);
  --irene-line: color-mix(in srgb, var(--irene-ink) 14%, transparent);
  --irene-accent: var(--jp-brand-color1, #1976d2);
  --irene-cool: #fdc27d;
  --irene-hot: #a63603;
  --irene-warn: #9a4a06;
  --irene-less: #0b7a75;

  container: irene / inline-size;
  color: var(--irene-ink);
  background: var(--irene-paper);
  border: 1px solid var(--irene-line);
  border-radius: 6px;
  font: 13px/1.45 var(--jp-ui-font-family, system-ui, sans-serif);
  font-variant-numeric: tabular-nums;
  overflow: hidden;
  text-align: left;
}

@media (prefers-color-scheme: dark) {
  .irene-tree:not([data-jp-theme-light="true"] *) {
    --irene-cool: #8a4b17;
    --irene-hot: #ff8a4c;
    --irene-warn: #f0b24a;
    --irene-less: #4fc9c2;
  }
}

[data-jp-theme-light="true"] .irene-tree {
  color-scheme: light;
}

[data-jp-theme-light="false"] .irene-tree,
.vscode-dark .irene-tree {
  --irene-cool: #8a4b17;
  --irene-hot: #ff8a4c;
  --irene-warn: #f0b24a;
  --irene-less: #4fc9c2;
  color-scheme: dark;
}

.irene-tree *,
.irene-tree *::before {
  box-sizing: border-box;
}

/* Twice the class: Jupyter's own rules for lists and tables in outputs must not win. */
.irene-tree.irene-tree :is(p, ul, li, dl, dt, dd, h3, table, th, td) {
  float: none;
  width: auto;
  margin: 0;
  padding: 0;
  font-size: inherit;
}

.irene-tree ul {
  list-style: none;
}

.irene-tree :is(button, select, input, [tabindex]):focus-visible {
  outline: 2px solid var(--irene-accent);
  outline-offset: 1px;
}
`,""]),c.d(b,{},{A:g})},18(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=c.n(f),h=c(21),i=c(22),j=c(23),k=c(24),l=c(25),m=c(26),n=c(27),o=g()(e());o.i(h.A),o.i(i.A),o.i(j.A),o.i(k.A),o.i(l.A),o.i(m.A),o.i(n.A),o.push([a.id,`/* The energy tree's style, part by part. A comparison needs comparison.css, too. */
`,""]),c.d(b,{},{A:o})},7(a,b,c){let d=`<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M13.2 2.5 4.8 13.6h5.7L9.6 21.5l8.9-11.9h-6z"/>
</svg>`;c.d(b,{},{d:d})},10(a,b,c){c.d(b,{e:()=>t,T:()=>u});var d=c(8),e=c(11),f=c(12),g=c.n(f),h=c(13),i=c.n(h),j=c(14),k=c.n(j),l=c(15),m=c.n(l),n=c(16),o=c.n(n),p=c(17),q=c.n(p),r=c(32),s={};s.styleTagTransform=q(),s.setAttributes=m(),s.insert=k().bind(null,"head"),s.domAPI=i(),s.insertStyleElement=o(),g()(r.A,s),r.A&&r.A.locals&&r.A.locals;let t="application/vnd.irene.energy+json";class u extends d.Widget{#a=null;constructor(){super(),this.addClass("irene-lab-output"),this.node.dataset.irene="static"}draw(a){let b=a.data[t],c=a.metadata[t],d=c?.expanded_depth;this.#a?.dispose(),this.#a=(0,e.B6)(this.node,"string"==typeof b?function(a){try{return JSON.parse(a)}catch{return null}}(b):b,"number"==typeof d?{expandedDepth:d}:{})}dispose(){this.#a?.dispose(),this.#a=null,super.dispose()}}},11(a,b,c){c.d(b,{fL:()=>bi,QE:()=>B,L8:()=>G,Vb:()=>I,tL:()=>bp,Wo:()=>bO,B6:()=>bN,ml:()=>J});var d=c(12),e=c.n(d),f=c(13),g=c.n(f),h=c(14),i=c.n(h),j=c(15),k=c.n(j),l=c(16),m=c.n(l),n=c(17),o=c.n(n),p=c(18),q={};q.styleTagTransform=o(),q.setAttributes=k(),q.insert=i().bind(null,"head"),q.domAPI=g(),q.insertStyleElement=m(),e()(p.A,q),p.A&&p.A.locals&&p.A.locals;var r=c(28),s={};s.styleTagTransform=o(),s.setAttributes=k(),s.insert=i().bind(null,"head"),s.domAPI=g(),s.insertStyleElement=m(),e()(r.A,s),r.A&&r.A.locals&&r.A.locals;let t=["J","mJ","Wh","%"];function u(a){if(0===a)return"0";if(5e-4>Math.abs(a))return"<0.001";let b=Number(a.toPrecision(3));if(Math.abs(b)>=1e3)return Math.round(a).toLocaleString("en");let c=Math.floor(Math.log10(Math.abs(b)));return b.toFixed(Math.min(4,Math.max(0,2-c)))}function v(a,b){if(0===a)return[1,""];let c=Number(a.toPrecision(3)),d=b[b.length-1];return b.find(([a])=>c>=a)??d}function w(a,b,c){let[d,e]=v(a,c);return`${u(a/d)} ${e}${b}`}let x=[[1e3,"k"],[1,""],[.001,"m"],[1e-6,"\xb5"]],y=[[1e12,"T"],[1e9,"G"],[1e6,"M"],[1e3,"k"],[1,""]],z=[[0x10000000000,"Ti"],[0x40000000,"Gi"],[1048576,"Mi"],[1024,"Ki"],[1,""]];function A(a){if(null===a)return"–";let b=100*a;return 0===b?"0 %":b<.01?"<0.01 %":`${b.toFixed(b<.995?2:+(b<99.95))} %`}function B(a,b,c){if(null===a)return"–";switch(b){case"%":return A(c>0?a/c:null);case"mJ":return`${u(1e3*a)} mJ`;case"Wh":return w(a/3600,"Wh",x);case"J":return w(a,"J",x)}}function C(a,b,c,d,e){if("%"===d)return e>0?`${u(100*a/e)}–${u(100*b/e)} %`:"–";if("mJ"===d)return`${u(1e3*a)}–${u(1e3*b)} mJ`;let f="Wh"===d?1/3600:1,[g,h]=v(c*f,x),[i,j]=[a,b].map(a=>u(a*f/g));return`${i}–${j} ${h}${"Wh"===d?"Wh":"J"}`}let D=(a,b)=>0===a?b:`${a>0?"+":"−"}${b}`;function E(a,b,c){return null===a?"–":D(a,B(Math.abs(a),b,c))}function F(a){if(null===a)return"–";let b=Math.abs(a);return D(a,b<10?A(b):`${Math.round(100*b).toLocaleString("en")} %`)}function G(a,b,c={},...d){let e=document.createElement(a);for(let[a,d]of(b&&(e.className=`irene-${b}`),Object.entries(c)))e.setAttribute(a,d);return e.append(...d.filter(a=>null!==a)),e}let H=a=>a.replace(/ (?=[%×])|(?<=×) |(?<=\d) (?=[A-Za-zµ/]{1,6}(?:$|[ ,]))/g,"\xa0");function I(a,b){return G("bdi",b,{dir:"ltr"},J(a))}let J=a=>a.length>400?`${a.slice(0,400)}…`:a;var K=c(29);let L=/^zlib:(\d{1,9}):/,M=a=>"object"==typeof a&&null!==a&&!Array.isArray(a),N=a=>M(a)?a:{},O=a=>Array.isArray(a)?a:[],P=a=>"string"==typeof a?a:"",Q=a=>O(a).map(P).filter(Boolean),R=a=>"number"==typeof a&&Number.isFinite(a)?a:null;function S(a){if("string"!=typeof a)return a;try{return JSON.parse(function(a){let[b,c]=L.exec(a)??[];if(void 0===b)return a;if(Number(c)>0x10000000)throw Error("too long");let d=Uint8Array.from(atob(a.slice(b.length)),a=>a.charCodeAt(0)),e=new Uint8Array(Number(c));return new TextDecoder().decode((0,K.a8)(d,{out:e}))}(a))}catch{return null}}let T=["estimated","extrapolated"],U=a=>a.split(":",1)[0]?.trim()??"",V=(a,b)=>Array.isArray(a)&&a.length<=(b??2e3)&&a.length>=(b??0)&&a.every(a=>"string"==typeof a),W=(a,b)=>Array.isArray(a)&&a.length<=2e3&&a.every(a=>V(a,b)),X=a=>null===a||Number.isSafeInteger(a)&&a>=0,Y=a=>null===a||M(a)&&V(a.columns)&&W(a.rows,a.columns.length)&&"string"==typeof a.legend,Z=/^(.*[._])?(\d{1,9})$/;function $(a,b){if(!a.path)return a.className;let c=`${b}.`;return b&&a.path.startsWith(c)?a.path.slice(c.length):a.path}function _(a){let b=Z.exec(a[0]??"")?.[1]??"",c=a.map(a=>Number(Z.exec(a)?.[2])),[d=0,e]=c,f=c.at(-1)??0;return f-d==c.length-1?`${b}${d}–${f}`:b+(c.length>5?`${d}, ${e} … ${f}`:c.join(", "))}function aa(a,b){let c=[];for(let d of a){let a=c.at(-1);a&&b(a[0],a.at(-1),d)?a.push(d):c.push([d])}return c}function ab(a,b){if(!a.energy||!b.energy)return a.energy===b.energy;let{joules:c,source:d}=a.energy,e=Math.max(c,b.energy.joules);return d===b.energy.source&&Math.abs(c-b.energy.joules)<=.05*e}class ac{#b=new Map;#c=new Map;#d=new Map;add(a){let{latencySeconds:b,predictedSeconds:c,waitingSeconds:d,resources:e,...f}=a.features,g=JSON.stringify([a.className,a.primitive,a.type,null===a.energy,a.flags.map(U).filter(a=>"launch-bound"!==a),f,a.children.map(b=>[$(b,a.path),this.#c.get(b)])]),h=this.#b.get(g)??this.#b.size;this.#b.set(g,h),this.#c.set(a,h);let i=this.#d.get(h);i?i.push(a):this.#d.set(h,[a])}alike(a){return this.#d.get(this.#c.get(a)??-1)??[a]}repeats(a,b,c){let d,e;return d=Z.exec($(a,c)),e=Z.exec($(b,c)),!!d&&!!e&&d[1]===e[1]&&Number(d[2])<Number(e[2])&&this.#c.get(a)===this.#c.get(b)}}let ad="Cell",ae=a=>a.className===ad?a:{...a,className:ad,ownJoules:0,children:[a]},af=(a,b)=>({before:a,after:b,children:a&&b?function(a,b){let c=a.children,d=new Map,e=[...b.children],f=(a,b)=>{b&&d.set(a,b)};for(let g of[(a,b)=>$(a,b.path),a=>a.className,a=>a.primitive]){let h=new Map,i=(a,b)=>JSON.stringify([g(a,b),a.type]);for(let a of e){if(null===g(a,b))continue;let c=i(a,b),d=h.get(c);d?d.push(a):h.set(c,[a])}for(let b of c)d.has(b)||f(b,h.get(i(b,a))?.shift());let j=new Set(d.values());e=e.filter(a=>!j.has(a))}for(let a of c){if(d.has(a))continue;let b=e.find(b=>(function(a,b){if(a.type!==b.type||"ml"===a.type)return!1;let[c,d]=[ag(a),ag(b)],e=[c.length,d.length],f=new Set(c.flatMap(a=>a.primitive??[]));return Math.max(...e)<=4*Math.min(...e)&&d.some(a=>null!==a.primitive&&f.has(a.primitive))})(a,b));f(a,b),e=e.filter(a=>a!==b)}return function({children:a},{children:b},c,d){let e=new Map,f=null;for(let a of b)d.has(a)?e.set(f,[...e.get(f)??[],a]):f=a;let g=a=>(e.get(a)??[]).map(a=>af(null,a));return[...g(null),...a.flatMap(a=>{let b=c.get(a)??null;return[af(a,b),...b?g(b):[]]})]}(a,b,d,new Set(e))}(a,b):(a??b)?.children.map(b=>a?af(b,null):af(null,b))??[]}),ag=a=>[a,...a.children.flatMap(ag)],ah=a=>null===a.node&&null===a.parent;class ai{#e=new Map;#f=new Map;#g=new Set;#h;constructor(a){this.#h=a}nodes(){return this.#f.keys()}keyOf(a){return this.#f.get(a)??""}parentOf(a){return this.#e.get(a)??null}hasChildren(a){return a.node?a.node.children.length>0:a.members.length>0}childrenOf(a){if(!a.children){let{node:b}=a,c=b?this.#i(b).map(c=>this.entry(c,b,a.whole)):a.members.map(b=>this.entry([b],this.parentOf(b),a.whole));a.children=this.sorted(this.rows(c,a))}return a.children}chain(a){let b=[];for(let c=a;c;c=this.parentOf(c))b.unshift(c);let c=[],d=this.top;for(let a of b){let b=d.find(b=>b.members.includes(a));if(b&&!b.node&&(c.push(b),b=this.childrenOf(b).find(b=>b.node===a)),!b)return[];c.push(b),d=this.childrenOf(b)}return c}foremost(){let a=0,b=[],c=d=>{let[e]=d;if(!e)return{sum:0,size:0};let f=d.map(a=>this.ownOf(a)),g=Math.max(...f.map(Math.abs)),h=f.reduce((a,b)=>a+b,0),i=Math.max(Math.abs(h),g),j=0,k=0;for(let a of this.partsOf(e)){let b=k;k+=a.length;let e=c(d.flatMap(c=>c.children.slice(b,b+a.length)));h+=e.sum,j=Math.max(j,e.size)}let l=Math.max(Math.abs(h),g);return i>j&&l>a&&([a,b]=[l,d]),{sum:h,size:l}},[d]=this.top;if(d?.node)c([d.node]);else for(let a of d?.members??[])c([a]);let e=a=>Math.abs(this.ownOf(a)),f=b.reduce((a,b)=>a&&e(a)>=e(b)?a:b,null);return f&&{node:f,repeated:b}}sort(a){this.#h=a;let b=a=>{a.children&&(this.sorted(a.children),a.children.forEach(b))};this.top.forEach(b)}sorted(a){let b=a=>this.#h?this.weightOf(a)??-1:0;return a.sort((a,c)=>b(c)-b(a)||a.order-c.order)}expandTo(a){let b=c=>{c.expanded=this.hasChildren(c)&&c.level<=a;let d=c.expanded?this.childrenOf(c):c.children;d?.forEach(b)};this.top.forEach(b)}expandAs(a){let b=new Set,c=a=>{a.expanded&&b.add(a.key),a.children?.forEach(c)};a.top.forEach(c);let d=a=>{b.has(a.key)&&this.hasChildren(a)&&(a.expanded=!0,this.childrenOf(a).forEach(d))};this.top.forEach(d)}height(){let a=b=>Math.max(b.level,...this.childrenOf(b).map(a));return Math.max(0,...this.top.map(a))}index(a,b,c){let d=c(a);for(;this.#g.has(d);)d+="'";for(let e of(this.#g.add(d),this.#f.set(a,d),this.#e.set(a,b),a.children))this.index(e,a,c)}partsOf(a){return aa(a.children,(b,c,d)=>this.repeats(c,d,a))}entry(a,b,c){let d=a[0],e=this.keyOf(d),f=this.words(a,b);return 1===a.length?{key:e,node:d,members:a,whole:c,...f}:{key:`${e} and alike`,node:null,members:a,whole:c,...f}}rows(a,b){return a.map((a,c)=>({...a,parent:b,order:c,level:(b?.level??0)+1,outside:!!b&&(b.outside||ah(b)),expanded:!1,children:null}))}#i(a){return aa(a.children,(b,c,d)=>this.repeats(c,d,a)&&this.isClose(b,d))}}let aj=a=>a.every(a=>null===a)?null:a.reduce((a,b)=>a+(b??0),0),ak=a=>aj(a.members.map(a=>a.energy?.joules??null)),al=a=>aj(a.members.map(a=>a.ownJoules));function am(a){let b=aj(a.members.map(a=>a.energy?.low??null)),c=aj(a.members.map(a=>a.energy?.high??null));return null===b||null===c||c<=b?null:[b,c]}let an=(a,b)=>null!==a&&null!==b&&b>0?a/b:null,ao=a=>an(ak(a),a.whole);function ap(a){let b=function(a){let b=a.parent;for(;b&&!b.node;)b=b.parent;return b}(a);return b&&an(ak(a),ak(b))}let aq=a=>a.members[0]?.energy?.source??null,ar=["order","energy"],as=a=>(a.children.length?a.ownJoules:a.energy?.joules)??0,at=new WeakMap;function au(a){let b=at.get(a);return void 0===b&&(b=`${a.path}
${a.className}
${a.primitive??""}`.toLowerCase(),at.set(a,b)),b}class av extends ai{top;#j=new Map;#k=new Map;#l=new ac;constructor(a,b=!1){super(b);let c=[];a.root&&(this.#m(a.root,0),c.push(this.entry([a.root],null,a.root.energy?.joules??0))),a.notRun.forEach((a,b)=>this.#m(a,b+1)),a.notRun.length&&c.push({key:"not run",node:null,members:a.notRun,label:"Built but not run",detail:"not in the total",whole:0}),this.top=this.rows(c,null)}find(a){return this.#j.get(a)??null}alike(a){let b=this.#k.get(a);return this.#l.alike(a).filter(a=>this.#k.get(a)===b)}pathOf(a){return a.path}weightOf(a){return ak(a)}textOf(a){return au(a)}repeats(a,b,c){return this.#l.repeats(a,b,c.path)}isClose(a,b){return ab(a,b)}ownOf(a){return as(a)}words(a,b){let c=a[0];if(a.length>1)return{label:`${a.length} \xd7 ${c.className}`,detail:_(a.map(a=>$(a,b?.path??null)))};let d=$(c,b?.path??null),e=d!==c.className?c.className:"ml"===c.type?"":c.type;return{label:d,detail:e}}entry(a,b,c){let d=b||0===this.#k.get(a[0]);return super.entry(a,b,d?c:a[0]?.energy?.joules??0)}#m(a,b){this.index(a,null,a=>`${b} ${a.path}`);let c=a=>{this.#k.set(a,b),this.#j.has(a.path)||this.#j.set(a.path,a),a.children.forEach(c),this.#l.add(a)};c(a)}}let aw=["order","difference"],ax={joules:0,low:0,high:0,source:""};function ay(a,b){let c=0;for(let{[b]:d}of a.members){if(d&&!d.energy)return null;c+=d?.energy?.joules??0}return c}function az(a){let[b,c]=[ay(a,"before"),ay(a,"after")];return null===b||null===c?null:c-b}function aA(a){let b=az(a),c=ay(a,"before")??0;return null!==b&&c>0?b/c:null}function aB({before:a,after:b}){let[c,d]=[a,b].map(a=>a?a.energy:ax);return!c||!d||[a,b].some(a=>a&&(({energy:a,flags:b})=>a?.source==="estimated"||b.some(a=>T.includes(U(a))))(a))?null:c.high<d.low||d.high<c.low}function aC(a){let{before:b,after:c}=a;if(!b)return"only after";if(!c)return"only before";if(!b.energy||!c.energy)return"unknown";let[d,e]=[b.energy.joules,c.energy.joules];if(Math.abs(e-d)<=1e-9*Math.max(d,e))return"no difference";let f=aB(a);return null===f?"no verdict":f?"significant":"within intervals"}let aD=a=>az({members:[a]}),aE=({before:a,after:b})=>[a,b].filter(a=>null!==a);class aF extends ai{top;root;extremes;#l=new ac;#n=new Map;#o=new Map;constructor(a,b,c=!1){super(c),this.root=a&&b&&a.className===ad!=(b.className===ad)?af(ae(a),ae(b)):af(a,b),this.index(this.root,null,a=>JSON.stringify([a.before?.path,a.after?.path]));let d=a=>{for(let b of(a.before&&this.#n.set(a.before.path,a),a.after&&this.#o.set(a.after.path,a),a.children.forEach(d),aE(a)))this.#l.add(b)};d(this.root);let e=a?.energy?.joules??0;this.top=this.rows([this.entry([this.root],null,e)],null);let f=[0],g=a=>{f.push(az(a)??0),this.childrenOf(a).forEach(g)};this.top.forEach(g),this.extremes=[f.reduce((a,b)=>Math.min(a,b)),f.reduce((a,b)=>Math.max(a,b))]}find(a){return a?this.#o.get(a)??this.#n.get(a)??null:this.root}pathOf({before:a,after:b}){return(b??a)?.path??""}weightOf(a){let b=az(a);return null===b?null:Math.abs(b)}textOf(a){return aE(a).map(au).join("\n")}repeats(a,b,c){return["before","after"].every(d=>{let[e,f]=[a[d],b[d]];return e&&f?this.#l.repeats(e,f,c[d]?.path??""):e===f})}isClose(a,b){let c=(a,b)=>a&&b?ab(a,b):a===b;return c(a.before,b.before)&&c(a.after,b.after)&&function a(b,c){let d=aC(b);if(d!==aC(c))return!1;let e=a=>(aD(a)??0)>0;return("significant"!==d||e(b)===e(c))&&b.children.every((b,d)=>a(b,c.children[d]))}(a,b)}ownOf(a){let{before:b,after:c}=a;if(!b||!c)return aD(a)??0;if(!b.energy||!c.energy)return 0;let d=as(c)-as(b);return Math.abs(d)>1e-9*Math.max(b.energy.joules,c.energy.joules)?d:0}partsOf(a){return a.before&&a.after?super.partsOf(a):[]}words(a,b){let c=a[0],d=a=>["before","after"].flatMap(c=>{let d=a[c];return d?[$(d,b?.[c]?.path??null)]:[]}),e=aG(aE(c).map(a=>a.className));if(a.length>1){let b=_(a.map(a=>d(a)[0]??""));return{label:`${a.length} \xd7 ${e}`,detail:b}}let f=aG(d(c));return{label:f,detail:e===f?"":e}}}let aG=a=>[...new Set(a)].join(" → "),aH=([a,b])=>a===b?a.toLocaleString("en"):`${a.toLocaleString("en")}–${b.toLocaleString("en")}`,aI=a=>[...a.said.flags,...[...new Set(a.notes)].map(a=>["⚠",a])];function aJ(a){if(!a.length)return null;let b=G("ul","notes",{"aria-label":"Warnings"});for(let[c,d]of a){let a=G("span","sign",{"aria-hidden":"true"},`${c} `);b.append(G("li","note",{},a,I(d,"")))}return b}let aK=["path","depth","type","class_name","primitive","calls","joules","low","high","source","share_of_root","share_of_parent","own_joules","flops","bytes","num_parameters","latency_seconds","predicted_seconds","waiting_seconds","flags"];function aL(a){if(null===a)return"";if("string"!=typeof a)return String(a);let b=/^[=+\-@\t\r]/.test(a)?`'${a}`:a;return/[",\r\n]/.test(b)?`"${b.replaceAll('"','""')}"`:b}let aM=a=>a.map(a=>`${a.map(aL).join(",")}\r
`).join(""),aN=a=>a.map(a=>a.replace(/[\t\r\n]+/g," ")).join("	");function aO(a){let b=a.node&&a.node.path||a.label,c=ak(a);return aN([b,a.node?a.node.className:a.detail,A(ao(a)),null===c?"unknown":`${c} J`,`${A(ap(a))} of parent`,aq(a)??""])}let aP=a=>a.root?.className??a.notRun[0]?.className??"";async function aQ(a){try{return await navigator.clipboard.writeText(a),!0}catch{let b=document.createElement("textarea");b.value=a;let c=document.activeElement;document.body.append(b),b.select();let d=document.execCommand("copy");return b.remove(),c instanceof HTMLElement&&c.focus({preventScroll:!0}),d}}function aR(a){let b=G("div","heading",{role:"row"});for(let[c,d,e]of a)b.append(G("div",c,{role:"columnheader",title:e},d));return b}let aS=(a,...b)=>G("div",a,{role:"gridcell"},...b);function aT(a,b){if(!a.length)return"";let c=b(Math.min(...a)),d=b(Math.max(...a));return c===d?`${c} each`:`${c} to ${d} each`}function aU(a,b,c,d){let e,f,g=aS("name",G("span","twisty",{"aria-hidden":"true"}));return g.append(I(a,"label")),b&&g.append(I(b,"class")),g.append(...(f=(e=[...new Set(c.map(U))]).slice(0,2).map(a=>{let b=J(a.replaceAll("_"," "));return G("span","mark",{"data-code":J(a)},b)}),e.length>2&&f.push(G("span","mark",{},`+${e.length-2}`)),f)),g.title=J(d),g}function aV(a,b){let c=a.members.flatMap(a=>a.energy?[a.energy.joules]:[]),d=a.node||ah(a)?a.detail:`${aT(c,c=>B(c,b,a.whole))} \xb7 ${a.detail}`,e=a.members.flatMap(a=>a.flags),f=a.node?`${a.node.path||a.label} (${a.detail})`:d;return aU(a.label,d,e,f)}let aW={significant:"The intervals do not overlap","within intervals":"The intervals overlap: it may be chance","no difference":"Both take the same","no verdict":"One of them is estimated or extrapolated: its interval was not tested","only before":"Not in the second report","only after":"Not in the first report",unknown:"One of the energies is unknown"};function aX(a,b){let[c,d]=b.map(a=>a.slice(0,24));return"only before"===a?`only ${c}`:"only after"===a?`only ${d}`:a}function aY(a,b){return G("span","verdict-badge",{"data-verdict":a,title:aW[a]},I(aX(a,b),""))}let aZ=a=>a.members[0];function a$(a,b,c){return aZ(a)[b]?B(ay(a,b),c,a.whole):""}let a_=["path","path_after","depth","type","class_name","class_name_after",...["before","after"].flatMap(a=>["joules","low","high","source"].map(b=>`${b}_${a}`)),"difference_joules","difference_percent","is_significant","own_difference_joules"],a0=a=>{let[b,c]=a.map(({said:{work:a}})=>a);return b?.queries===c?.queries&&b?.tokens===c?.tokens};function a1({said:{work:a}}){if(!a?.queries)return"an unknown number of queries";let b=`${a.queries.toLocaleString("en")} ${1===a.queries?"query":"queries"}`;return a.tokens?`${b} (${a.tokens.toLocaleString("en")} tokens)`:b}class a2{#p="";#q=0;find(a,b,c){let d=Date.now(),e=d-this.#q>600;this.#q=d,this.#p=e||this.#p===a?a:this.#p+a;let f=+(1===this.#p.length);for(let a=0;a<b.length;a++){let d=(c+f+a)%b.length,e=b[d]?.toLowerCase()??"",g=e.slice(e.lastIndexOf(".")+1);if(e.startsWith(this.#p)||g.startsWith(this.#p))return d}return -1}}let a3=a=>!a.ctrlKey&&!a.metaKey&&!a.altKey&&"Escape"!==a.key&&!(a.shiftKey&&"Enter"===a.key);class a4{#r;#p=new a2;constructor(a){this.#r=a}act(a,b){let c=this.#r;switch(b){case"ArrowDown":return c.focus(c.beside(a,1)),!0;case"ArrowUp":return c.focus(c.beside(a,-1)),!0;case"ArrowRight":return a.expanded?c.focus(c.firstChildOf(a)):c.expand(a),!0;case"ArrowLeft":return a.expanded?c.collapse(a):c.focus(a.parent),!0;case"Home":return c.focus(c.shown[0]),!0;case"End":return c.focus(c.shown.at(-1)),!0;case"PageDown":return this.#s(a,c.page),!0;case"PageUp":return this.#s(a,-c.page),!0;case"Enter":return c.isSelected(a)?c.toggle(a):c.choose(a),!0;case" ":return c.choose(a),!0;case"*":for(let b of c.siblingsOf(a))c.expand(b);return!0;default:return 1===b.length&&this.#t(a,b.toLowerCase())}}#s(a,b){let{shown:c}=this.#r,d=this.#r.placeOf(a)+b;this.#r.focus(c[Math.min(c.length-1,Math.max(0,d))])}#t(a,b){let{shown:c}=this.#r,d=c.map(a=>a.label);return this.#r.focus(c[this.#p.find(b,d,this.#r.placeOf(a))]),!0}}class a5{body=G("div","body",{role:"rowgroup"});#u;#v;#w=new WeakMap;#x=[];#y=new Map;#z=new Map;#A=null;constructor(a,b){this.#u=a,this.#v=b,a.addEventListener("scroll",()=>this.#B(),{passive:!0})}get shown(){return this.#x}get page(){return Math.max(1,Math.floor(this.#u.clientHeight/26)-2)}placeOf(a){return(a&&this.#y.get(a.key))??-1}rowOf(a){return(a&&this.#z.get(a.key))??null}itemAt(a){let b=a?.closest(".irene-row");return(b&&this.#w.get(b))??null}place(a){this.#x=a,this.#y=new Map(a.map((a,b)=>[a.key,b])),this.body.style.setProperty("--rows",String(a.length)),this.#B()}show(a){let b=new Set(this.#z.values());for(let[c,d]of(this.place(a),this.#z)){let a=this.#x[this.#y.get(c)??-1];a&&b.has(d)&&this.#C(d,a)}}keep(a){this.#A=a,this.rowOf(a)||this.#B()}scrollTo(a,b){let c=this.placeOf(a);if(c<0)return;let d=26*c,{scrollTop:e,clientHeight:f}=this.#u,g=d+26+b;d<e?this.#u.scrollTop=d:g>e+f&&(this.#u.scrollTop=g-f),this.#B()}#C(a,b){this.#v(a,b),this.#w.set(a,b)}#D(){let a=this.#x.length;if(a<=300)return[0,a];let{scrollTop:b,clientHeight:c}=this.#u;return[Math.max(0,Math.min(Math.floor(b/26)-30,a-1)),Math.min(a,Math.ceil((b+Math.max(600,c))/26)+30)]}#B(){let[a,b]=this.#D(),c=this.#x.slice(a,b),d=this.placeOf(this.#A),e=this.#x[d];e&&d<a?c.unshift(e):e&&d>=b&&c.push(e);let f=this.#z;for(let a of(this.#z=new Map,c)){let b=f.get(a.key)??G("div","row",{role:"row",tabindex:"-1"});f.delete(a.key)||this.#C(b,a),this.#z.set(a.key,b);let c=this.placeOf(a);b.style.setProperty("--place",String(c)),b.setAttribute("aria-rowindex",String(c+2))}for(let a of f.values())a.remove();let g=this.body.firstElementChild;for(let a of this.#z.values())a===g?g=a.nextElementSibling:this.body.insertBefore(a,g)}}class a6{element;#E;#F;#r;#z;#f=new a4(this);#G;#H=null;constructor(a,b,c,d){this.#G=c,this.#E=d,this.#F=b,b.setAttribute("aria-rowindex","1"),this.element=G("div","scroll"),this.#z=new a5(this.element,(a,b)=>this.#v(a,b));let{body:e}=this.#z;this.#r=G("div","grid",{role:"treegrid","aria-label":a},G("div","",{role:"rowgroup"},b),e),this.element.append(this.#r),e.addEventListener("click",a=>this.#I(a)),e.addEventListener("dblclick",a=>this.#J(a)),e.addEventListener("keydown",a=>this.#K(a)),e.addEventListener("focusin",a=>{let b=this.#L(a);b&&this.#M(b)})}get current(){return this.#H}get shown(){return this.#z.shown}get page(){return this.#z.page}placeOf(a){return this.#z.placeOf(a)}siblingsOf(a){return a.parent?this.#G.childrenOf(a.parent):this.#G.top}firstChildOf(a){return this.#G.childrenOf(a)[0]}beside(a,b){return this.shown[this.placeOf(a)+b]??null}isSelected(a){return this.#E.isSelected(a)}choose(a){null===this.isSelected(a)?this.toggle(a):this.#E.choose(a)}show(a){this.#G=a,this.draw()}draw(){this.#N(()=>this.#z.show(this.#O(this.#G.top)))}mark(a){let b=this.#z.rowOf(a);a&&b&&this.#P(b,a)}expand(a){!a.expanded&&this.#G.hasChildren(a)&&(a.expanded=!0,this.#Q(a,0,this.#O(this.#G.childrenOf(a))))}collapse(a){if(!a.expanded)return;a.expanded=!1;let{shown:b}=this,c=this.placeOf(a)+1,d=c;for(;(b[d]?.level??0)>a.level;)d++;this.#Q(a,d-c,[])}toggle(a){a.expanded?this.collapse(a):this.expand(a)}focus(a){if(!a)return;this.moveTo(a);let b=this.#z.rowOf(a);b?.focus({preventScroll:!0}),b?.scrollIntoView({block:"nearest",inline:"nearest"})}moveTo(a){this.#M(a),this.#z.scrollTo(a,this.#F.offsetHeight)}#O(a){let b=[],c=a=>{for(let d of a)b.push(d),d.expanded&&c(this.#G.childrenOf(d))};return c(a),b}#Q(a,b,c){let d=this.placeOf(a);if(d<0)return;this.#z.rowOf(a)?.setAttribute("aria-expanded",String(a.expanded));let{shown:e}=this;this.#N(()=>this.#z.place([...e.slice(0,d+1),...c,...e.slice(d+1+b)]))}#N(a){let{body:b}=this.#z,c=b.contains(document.activeElement);a(),this.#r.setAttribute("aria-rowcount",String(this.shown.length+1));let d=this.#H;for(;d&&0>this.placeOf(d);)d=d.parent;let e=d?this.placeOf(d):0,f=this.shown[e];f&&this.#M(f),c&&!b.contains(document.activeElement)&&this.#z.rowOf(this.#H)?.focus({preventScroll:!0})}#v(a,b){let c=this.siblingsOf(b);a.tabIndex=b.key===this.#H?.key?0:-1,a.setAttribute("aria-level",String(b.level)),a.setAttribute("aria-posinset",String(c.indexOf(b)+1)),a.setAttribute("aria-setsize",String(c.length)),a.style.setProperty("--level",String(b.level-1)),this.#G.hasChildren(b)?a.setAttribute("aria-expanded",String(b.expanded)):a.removeAttribute("aria-expanded"),this.#P(a,b),a.replaceChildren(...this.#E.cells(b,a))}#P(a,b){let c=this.#E.isSelected(b);null===c?a.removeAttribute("aria-selected"):a.setAttribute("aria-selected",String(c))}#M(a){let b=this.#z.rowOf(this.#H);b&&(b.tabIndex=-1),this.#H=a,this.#z.keep(a);let c=this.#z.rowOf(a);c&&(c.tabIndex=0)}#L(a){return this.#z.itemAt(a.target)}#I(a){let b=this.#L(a);b&&(this.focus(b),a.target.closest(".irene-twisty")?this.toggle(b):this.choose(b))}#J(a){let b=this.#L(a);b&&null!==this.isSelected(b)&&(a.target.closest(".irene-twisty")||this.toggle(b))}#K(a){let b=this.#L(a);if(!b)return;let c=(a.ctrlKey||a.metaKey)&&/^(Home|End)$/.test(a.key);(this.#E.key?.(b,a)||(a3(a)||c)&&this.#f.act(b,a.key))&&a.preventDefault()}}let a7=["tree","icicle"],a8=[1,2,3,4];function a9(a,b,c){let d=G("button","button",{type:"button",title:b},a);return d.addEventListener("click",c),d}function ba(a,b,c){let d=G("select","select",{"data-menu":a.toLowerCase()});for(let a of b)d.append(G("option","",{value:a},a));return d.addEventListener("change",()=>{let a=b.find(a=>a===d.value);a&&c(a)}),{element:G("label","menu",{},`${a} `,d),select:d}}class bb{element=G("div","toolbar",{role:"group","aria-label":"View"});search;status=G("p","status",{role:"status"});#R=G("div","segments",{role:"group","aria-label":"Open levels"});#S;#T;#U;#V;#W=new Map;#E;constructor(a,b){this.#E=b;let c=a9(a.follow,a.followTitle,()=>b.follow());for(let[a,d,e]of(c.classList.add("irene-primary"),this.search=this.#X(),this.#T=G("div","segments",{role:"group","aria-label":"Matches",hidden:""}),[[-1,"‹","Previous match (Shift+F3)"],[1,"›","Next match (F3)"]])){let c=a9(d,e,()=>b.step(a));c.ariaLabel=a>0?"Next match":"Previous match",this.#T.append(c)}let d=ba("Sort",a.sorts,c=>b.sort(c!==a.sorts[0])),e=ba("Unit",t,a=>b.unit(a));this.#V=d.select,this.#U=e.select;let f=G("span","toolbar-label",{"aria-hidden":"true"},"Levels");this.#S=G("div","tools",{},f,this.#R);let g=G("div","tools",{},d.element,e.element);b.view&&g.append(this.#Y(a=>b.view?.(a)));let h=G("div","tools",{},this.search,this.#T);this.element.append(c,h,this.#S,G("span","spring"),g)}show(a){let b=a.view??"tree";for(let[c,d]of(this.#U.value=a.unit,this.#S.hidden="icicle"===b,this.#V.disabled="icicle"===b,this.#W))d.setAttribute("aria-pressed",String(c===b));this.#Z(a.height)}showSteps(a){this.#T.hidden=a<2}tell(a){this.status.textContent!==a&&(this.status.textContent=a)}#Z(a){if(this.#R.dataset.height===String(a))return;this.#R.dataset.height=String(a);let b=(a,b,c)=>a9(a,b,()=>this.#E.depth(c));this.#R.replaceChildren(b("None","Close every row",0),...a8.filter(b=>b<a-1).map(a=>b(String(a),`Open ${a} level${1===a?"":"s"}`,a)),b("All","Open every row",a))}#Y(a){let b=G("div","segments",{role:"group","aria-label":"Drawn as"});for(let c of a7){let d=a9("tree"===c?"Tree":"Icicle","tree"===c?"A table of rows that open":"Boxes as wide as their energy",()=>a(c));this.#W.set(c,d),b.append(d)}return b}#X(){let a=G("input","search",{type:"search",placeholder:"Search","aria-label":"Search modules by path or class",maxlength:"200",spellcheck:"false",autocomplete:"off"});return a.addEventListener("input",()=>this.#E.search(a.value)),a.addEventListener("keydown",b=>{"Enter"===b.key||"ArrowDown"===b.key?(b.preventDefault(),this.#E.toMatches()):"F3"===b.key&&a.value?(b.preventDefault(),this.#E.step(b.shiftKey?-1:1)):"Escape"===b.key&&a.value&&(b.preventDefault(),b.stopPropagation(),a.value="",this.#E.search(""))}),a}}class bc{grid;toolbar;#E;#$;#_;#h=!1;#aa;#ab="";#ac=null;constructor(a,b,c){this.#E=b,this.#$=a,this.#_=a.height(),a.expandTo(c.expandedDepth??2);let d=this.#ad(c.selected??"");for(let a of d.slice(0,-1))a.expanded=!0;this.#aa=d.at(-1)??null,this.grid=new a6(b.label,b.heading,a,{cells:(a,c)=>(c.toggleAttribute("data-match",this.#ac?.isHit(a)??!1),b.cells(a,c)),isSelected:a=>a.node?a.key===this.#aa?.key:null,choose:a=>this.choose(a),key:(a,b)=>this.#K(a,b)}),this.toolbar=new bb(b.words,{follow:()=>this.#ae(),search:a=>this.#af(a),toMatches:()=>this.#ag(),step:a=>this.#ah(a),depth:a=>{this.setDepth(a),b.depth(a)},sort:a=>{this.#h=a,this.#$.sort(a),this.draw()},unit:a=>b.unit(a),...b.view&&{view:a=>b.view?.(a)}})}get selected(){return this.#aa}get isByWeight(){return this.#h}take(a){let b=this.#aa?.node,c=b?this.#$.pathOf(b):"";a.expandAs(this.#$),this.#$=a,this.#_=a.height(),this.#aa=this.#ad(c).at(-1)??this.#ad("").at(-1)??null}showTools(a){this.toolbar.show({...a,height:this.#_})}draw(){let a=this.#ab?function(a,b){let c=b.toLowerCase().split(/\s+/).filter(Boolean),d=0,e=[];for(let b of a.nodes()){let f=a.textOf(b);c.every(a=>f.includes(a))&&++d<=200&&e.push(a.chain(b))}let f=new Map,g=[];for(let a of e){let b=null;for(let c of a){let a=f.get(c);!a&&(a={...c,parent:b,expanded:!1,children:null},f.set(c,a),b?(b.children??=[]).push(a):g.push(a),b&&(b.expanded=!0)),b=a}}for(let b of f.values())b.children&&a.sorted(b.children);let h=new Set(e.map(a=>f.get(a.at(-1)))),i=[],j=a=>{h.has(a)&&i.push(a),a.expanded&&a.children?.forEach(j)};return g.forEach(j),{matches:d,hits:i,isHit:a=>h.has(a),top:g,childrenOf:b=>a.childrenOf(b),hasChildren:b=>ah(b)||a.hasChildren(b)}}(this.#$,this.#ab):null;if(this.#ac=a,this.grid.show(a??this.#$),this.toolbar.showSteps(a?.hits.length??0),!a)return;let{matches:b}=a,c=b.toLocaleString("en");this.toolbar.tell(b>200?`${c} nodes match; the first 200 are shown`:`${c} node${1===b?"":"s"} match${1===b?"es":""}`)}select(a){let b=this.#aa?.node;if(b&&this.#$.pathOf(b)===a)return!0;this.#ab&&this.#ai();let c=this.reveal(a);return!!c&&(this.#aj(c),this.grid.moveTo(c),!0)}reveal(a){let b=this.#$.find(a);return b&&this.#ak(b)}revealSelected(){let a=this.#aa?.node;a&&(this.#aa=this.#ak(a),this.#aa&&this.grid.moveTo(this.#aa))}setDepth(a){this.#ab&&this.#ai(),this.#$.expandTo(a),this.grid.draw()}choose(a){a.node&&a.key!==this.#aa?.key&&(this.#aj(a),this.#E.chosen(this.#$.pathOf(a.node)))}rowOf(a){return this.#$.chain(a).at(-1)??null}copy(a){aQ(this.#E.rowText(a)).then(a=>this.toolbar.tell(a?"The row is on the clipboard":"The browser does not let us copy"))}#ad(a){let b=this.#$.find(a);return b?this.#$.chain(b):[]}#ak(a){let b=this.#$.chain(a);for(let a of b.slice(0,-1))this.grid.expand(a);return this.#E.revealed?.(a),b.at(-1)??null}#aj(a){let b=this.#aa;this.#aa=a,this.grid.mark(b),this.grid.mark(a),this.#E.marked()}#ae(){let a=this.#$.foremost();this.#ab&&this.#ai();let b=a&&this.#ak(a.node);b&&(this.choose(b),this.grid.focus(b)),this.toolbar.tell(this.#E.arrived(b,a?.repeated??[]))}#af(a){a&&this.#E.searching?.(),this.#ab=a.trim(),this.#ab||this.toolbar.tell(""),this.draw(),this.#ab||this.revealSelected()}#ai(){this.toolbar.search.value="",this.#af("")}#ag(){if(!this.#ac)return void this.grid.focus(this.grid.current);let[a]=this.#ac.hits;a&&(this.grid.focus(a),this.choose(a))}#ah(a){let b=this.#ac?.hits??[],c=b.findIndex(a=>a.key===this.#aa?.key),d=c<0&&a<0?b.length-1:(c+a+b.length)%b.length,e=b[d];if(e){for(let a=e.parent;a;a=a.parent)this.grid.expand(a);this.choose(e),this.grid.element.contains(document.activeElement)?this.grid.focus(e):this.grid.moveTo(e),this.toolbar.tell(`Match ${d+1} of ${b.length}`)}}#K(a,b){return"F3"===b.key&&this.#ac?(this.#ah(b.shiftKey?-1:1),!0):"/"!==b.key||b.ctrlKey||b.metaKey||b.altKey?!(!((b.ctrlKey||b.metaKey)&&"c"===b.key.toLowerCase())||String(getSelection()??""))&&(b.stopPropagation(),this.copy(a),!0):(this.toolbar.search.focus(),!0)}}function bd(a){let b=N(a),c=new Map,d=[S(b.root)];for(;d.length;){let a=d.pop();if(!M(a))continue;let b=R(N(a.energy).joules);null!==b&&c.set(P(a.path),b),d.push(...O(a.children))}return{phase:P(b.phase),model:P(b.model),calls:((a,b=0)=>R(a)??b)(b.calls,1),tokens:((a,b=0)=>R(a)??b)(b.tokens),seconds:R(b.seconds),joules:((a,b=0)=>R(a)??b)(b.joules),joulesAt:c}}function be(a){let b=N(a);return{name:P(b.name),kind:P(b.kind),seconds:R(b.seconds),joules:R(b.joules),basis:P(b.basis)}}let bf=a=>null===a?"–":B(a,"J",0),bg=a=>null===a?"–":w(a,"s",x),bh=(a,b)=>b.length?{columns:a,rows:b,legend:""}:null;class bi extends Error{}function bj(a){return O(a).map(a=>{let b=O(a).map(a=>((a,b=0)=>R(a)??b)(a));return b.length?b.join(" \xd7 "):"scalar"})}let bk={numParameters:0,flops:0,bytes:0,calls:1,inputShapes:[],outputShapes:[],dtype:null,device:null,latencySeconds:null,predictedSeconds:null,waitingSeconds:null,operation:null,resources:[]};function bl(a,b,c){let d=new Map;return O(a).map((a,e)=>{if(!M(a))throw new bi("a node is not an object");let f="string"==typeof a.like?d.get(a.like):b?.[e],g=c(a,f??null),h=P(a.path);return d.has(h)||d.set(h,g),g})}function bm(a){let b=S(a);if(!M(b))throw new bi("a tree is neither an object nor JSON of one");return function a(b,c,d){var e,f;let g,h;if(c>256)throw new bi("the tree is deeper than 256 levels");let i=M(b.energy)?b.energy:null,j=((a,b=0)=>R(a)??b)(i?.joules),k=i&&{joules:j,low:((a,b=0)=>R(a)??b)(i.low,j),high:((a,b=0)=>R(a)??b)(i.high,j),source:P(i.source)},l=bl(b.children,d?.children,(b,d)=>a(b,c+1,d));return{path:P(b.path),type:P(b.type)||(d?.type??""),className:P(b.class_name)||(d?.className??""),primitive:(P(b.primitive)||null)??d?.primitive??null,energy:k,ownJoules:function(a,b,c){if(!b)return null;let d=c.reduce((a,b)=>a+(b.energy?.joules??0),0),e=((a,b=0)=>R(a)??b)(a.own_joules,b.joules-d);return e<1e-9*b.joules?0:e}(b,k,l),features:(e=b.features,f=d?.features??bk,g=N(e),h=(a,b)=>a in g?bj(g[a]):b,{numParameters:((a,b=0)=>R(a)??b)(g.num_parameters,f.numParameters),flops:((a,b=0)=>R(a)??b)(g.flops,f.flops),bytes:((a,b=0)=>R(a)??b)(g.bytes,f.bytes),calls:((a,b=0)=>R(a)??b)(g.calls,f.calls),inputShapes:h("input_shapes",f.inputShapes),outputShapes:h("output_shapes",f.outputShapes),dtype:(P(g.dtype)||null)??f.dtype,device:(P(g.device)||null)??f.device,latencySeconds:R(g.latency_seconds)??f.latencySeconds,predictedSeconds:R(g.predicted_seconds)??f.predictedSeconds,waitingSeconds:R(g.waiting_seconds)??f.waitingSeconds,operation:(P(g.operation)||null)??f.operation,resources:M(g.resources)?Object.entries(g.resources).map(([a,b])=>[a,((a,b=0)=>R(a)??b)(b)]):f.resources}),flags:"flags"in b?Q(b.flags):d?.flags??[],children:l}}(b,0,null)}function bn(a){let[b,c]=O(a).map(R);return null==b||null==c?null:[b,c]}function bo(a){let b=N(a);return{label:P(b.label),level:((a,b=0)=>R(a)??b)(b.level),calls:((a,b=0)=>R(a)??b)(b.calls,1),batchSize:bn(b.batch_size),seqLen:bn(b.seq_len),sizes:((a,b=0)=>R(a)??b)(b.sizes,1),shape:Array.isArray(b.shape)?bj([b.shape])[0]??null:null,tokens:((a,b=0)=>R(a)??b)(b.tokens),seconds:R(b.seconds),joules:R(b.joules)}}function bp(a){var b,c,d;let e,f,g;if(!M(a)||"irene.energy"!==a.kind)throw new bi("this is not an energy report");if(1!==a.schema_version)throw new bi(`the report has schema version ${String(a.schema_version)}, this view reads version 1; update irene-jupyter`);let h=N(a.device),i={mode:P(a.mode),created:P(a.created),root:null==a.root?null:bm(a.root),notRun:O(a.not_run).map(bm),runRows:"run_rows"in a?O(a.run_rows).map(bo):O(a.runs).slice(0,6).map(a=>{let b=N(a),c="run"===b.status?"":P(b.status).replaceAll("_"," ");return bo({...b,label:[P(b.model),P(b.phase),c].filter(Boolean).join(", "),batch_size:[b.batch_size,b.batch_size],seq_len:[b.seq_len,b.seq_len]})}),phases:O(a.phases).map(bd),device:{label:P(h.label)||P(h.name)||"an unnamed device",kind:P(h.kind)},...(e=M(a.measured)?a.measured:null,{parts:O(a.parts).map(be),measured:e&&{joules:R(e.joules),scope:P(e.scope)},hasMore:[e,a.observer,a.resources].some(a=>null!=a)}),notes:Q(a.notes)},j=(b=a.said,c=i.root?.energy??null,d=h.label,M(f=S(b))&&f.joules===(c?.joules??null)&&f.source===(c?.source??null)&&V([f.title,f.provenance,f.interval])&&P(f.provenance).includes(P(d))&&W(f.flags,2)&&Y(f.phases)&&Y(f.parts)&&V(f.lines)&&(void 0===(g=f.work)||M(g)&&X(g.queries)&&X(g.tokens))?f:null);return{...i,said:j??function(a){var b;let c,d,{root:e,notRun:f,phases:g,parts:h}=a;return{title:e?`${e.className}: ${bf(e.energy?.joules??null)}`:"No PyTorch model was built or run in this cell.",provenance:function({device:{label:a,kind:b},measured:c,root:d}){let e=d?.energy?.source;if(c?.joules!=null&&d)return`${"measured"===e?"Measured":"Part of what was measured"} on this machine (${c.scope}), divided as predicted for ${a}`;if("measured"===e)return`Measured on ${a}`;if("replayed"===e)return`Measured on repeated runs on ${a}`;if("simulated"===e)return`Simulated for ${a}: a meter that is not hardware had a part in it`;let f="estimated"===e,g=f?"Estimated":"Predicted";return"calibrated"!==b?`${g} for ${a} (reference device), not this machine`:`${g} for ${a} (calibrated device)${f?": no profile fits, the interval is wide":""}`}(a),interval:"90 % interval",flags:(b=e?[e,...f]:f,c=new Map,d=a=>{for(let b of a.flags){let d=U(b),e=c.get(d)??{nodes:new Set,reasons:new Set};c.set(d,e),e.nodes.add(a),e.reasons.add(b.slice(d.length+1).trim())}a.children.forEach(d)},b.forEach(d),[...c].map(([a,{nodes:b,reasons:c}])=>{let d=[...c].filter(Boolean).slice(0,3).join("; "),e=`${b.size.toLocaleString("en")} node${1===b.size?"":"s"}`;return["⚠",`${a} (${e})${d&&`: ${d}`}`]})),phases:bh(["phase","calls","tokens","time here","energy"],g.map(({model:a,phase:b,calls:c,tokens:d,seconds:e,joules:f})=>[`${a} ${b}`,c.toLocaleString("en"),d.toLocaleString("en"),bg(e),bf(f)])),parts:bh(["part of the cell","time here","energy"],h.map(({name:a,seconds:b,joules:c,basis:d})=>[a,bg(b),null===c?"not measured":bf(c)+(["predicted","timed"].includes(d)?" predicted":"")])),lines:a.hasMore?["What counters and samplers found is not shown here: irene.load_report() tells it."]:[]}}(i)}}let bq=a=>((a,b=0)=>R(a)??b)(N(a.energy).joules),br=a=>null==a?null:function a(b,c){let d=O(c?.children).map(N),e=bl(b.children,d,a),{like:f,...g}=b,h=e.reduce((a,b)=>a+bq(b),0);return{path:"",type:c?.type,class_name:c?.class_name,primitive:c?.primitive??null,energy:null,own_joules:M(b.energy)?Math.max(0,bq(b)-h):null,flags:c?.flags??[],...g,features:{...N(c?.features),...N(b.features)},children:e}}(N(S(a)),null);var bs=c(30),bt=c(31);function bu(a,b){let c=(0,bs.A)()((0,bt.Ay)(a,a=>a.children).sum(a=>{let b=a.children.reduce((a,b)=>a+(b.energy?.joules??0),0);return Math.max(0,(a.energy?.joules??0)-b)})),d=[],e=(a,f)=>{let[g,h]=(c.value??0)>0?[a.x0,a.x1]:[0,+!f];if(h-g<b)return;let i={node:a.data,parent:f,level:a.depth,left:g,right:h};for(let b of(d.push(i),a.children??[]))e(b,i)};return e(c,null),d}let bv=a=>a.reduce((a,b)=>Math.max(a,b.level+1),0),bw=[[255,245,235],[254,230,206],[253,208,162],[253,174,107],[253,141,60],[241,105,19],[217,72,1],[166,54,3],[127,39,4]];function bx(a){let b=Math.sqrt(Math.min(1,Math.max(0,a??0)))*(bw.length-1),c=Math.min(Math.floor(b),bw.length-2),[d,e]=[bw[c],bw[c+1]],f=d.map((a,d)=>Math.round(a+(e[d]-a)*(b-c))),g=function(a){let[b,c,d]=a.map(a=>{let b=a/255;return b<=.04045?b/12.92:((b+.055)/1.055)**2.4});return .2126*b+.7152*c+.0722*d}(f);return{fill:`rgb(${f.join(", ")})`,ink:1.05/(g+.05)>(g+.05)/.05?"#ffffff":"#000000"}}let by="http://www.w3.org/2000/svg",bz=.5/1200;function bA(a,b,c){let d=document.createElementNS(by,a);for(let[a,c]of Object.entries(b))d.setAttribute(a,String(c));return void 0!==c&&(d.textContent=c),d}function bB(a,b){let c=Math.floor((b-10)/6.4);return a.length<=c?a:c>=4?`${a.slice(0,c-1)}…`:""}let bC=a=>J(a).replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g," "),bD=(a,b,c,d,e,f=a.toLowerCase())=>a9(a,b,()=>{var a,b;let g,h,i;return g=d(),a=`${g.replace(/[^A-Za-z0-9_-]+/g,"_").slice(0,60)||"report"}.${f}`,b=e(),h=URL.createObjectURL(new Blob([b],{type:c})),void((i=document.createElement("a")).href=h,i.download=a,i.click(),setTimeout(()=>URL.revokeObjectURL(h),1e4))}),bE=(...a)=>G("div","saving",{role:"group","aria-label":"Save the report"},"Save as ",...a);function bF(a,{columns:b,rows:c,legend:d}){let e=G("tr","");for(let a of b)e.append(G("th","",{scope:"col"},a));let f=G("tbody","");for(let a of c){let b=G("tr","");a.forEach((a,c)=>b.append(c?G("td","",{},a):G("th","",{scope:"row"},I(a,"table-name")))),f.append(b)}let g=G("table","table",{"aria-label":a},G("thead","",{},e),f);return[G("div","table-slot",{role:"group","aria-label":a,tabindex:"0"},g),...d?[G("p","line",{},I(d,""))]:[]]}let bG=1/1500;class bH{element;#al=G("div","crumbs");#am=G("div","boxes",{role:"tree","aria-label":"Energy by module"});#an;#ao=new WeakMap;#ap=new Map;#aq=null;#ar=null;constructor(a){this.#an=a,this.element=G("div","icicle",{},this.#al,this.#am),this.#am.addEventListener("click",a=>{let b=this.#as(a);b&&(this.#at(b.node),this.#an(b.node))}),this.#am.addEventListener("dblclick",a=>{let b=this.#as(a);b&&this.#au(b.node)}),this.#am.addEventListener("keydown",a=>{let b=this.#as(a);b&&a3(a)&&this.#av(b,a.key)&&a.preventDefault()})}draw(a){this.#aq=a;let b=this.#am.contains(document.activeElement),c=null===this.#ar?[]:bI(a.root,this.#ar),d=c.at(-1)??a.root;d===a.root&&(this.#ar=null);let e=bu(d,bG);this.#aw(c),this.#ap.clear();let f=e.map(b=>this.#ax(b,a));this.#am.style.height=`${32*bv(e)}px`,this.#am.replaceChildren(...f);let g=(a.selected&&this.#ap.get(a.selected))??this.#ap.get(d);g&&(g.tabIndex=0,b&&g.focus({preventScroll:!0}))}reveal(a){!this.#aq||this.#ap.has(a)||(this.#ar=null,this.draw(this.#aq))}#ax(a,{root:b,selected:c,unit:d}){let{node:e}=a,f=b.energy?.joules??0,g=e.energy?.joules??null,h=null!==g&&f>0?g/f:null,i=$(e,a.parent?.node.path??null),j=`${A(h)}, ${B(g,"%"===d?"J":d,f)}`,k=[...new Set(e.flags.map(U))].join(", "),l=`${J(e.path||i)}, ${J(e.className)}, ${j}`,m=G("div","box",{role:"treeitem",tabindex:"-1","aria-level":String(a.level+1),"aria-selected":String(e===c),"aria-label":k?`${l}; ${J(k)}`:l,title:k?`${l}
⚠ ${J(k)}`:l}),{fill:n,ink:o}=bx(h),{style:p}=m;p.left=`${(100*a.left).toFixed(4)}%`,p.width=`${(100*(a.right-a.left)).toFixed(4)}%`,p.top=`${32*a.level}px`,p.background=n,p.color=o,k&&(m.dataset.flagged=""),a.right-a.left>=.03&&m.append(I(k?`⚠ ${i}`:i,"box-name"));let q=A(h);return a.right-a.left>=.008*(i.length+q.length+3)&&m.append(G("span","box-share",{},q)),this.#ao.set(m,a),this.#ap.set(e,m),m}#aw(a){a.length<2?this.#al.replaceChildren(G("span","crumb-hint",{},"Double-click or press Enter to zoom in")):this.#al.replaceChildren(...a.map((b,c)=>{let d=$(b,a[c-1]?.path??null),e=G("button","crumb",{type:"button",...c===a.length-1?{"aria-current":"true"}:{}},I(d,""));return e.addEventListener("click",()=>this.#au(b)),e}))}#au(a){if(!this.#aq)return;let b=!a.children.length,c=b?this.#ao.get(this.#ap.get(a)??this.element)?.parent:null;this.#ar=(b?c?.node:a)?.path??null,this.draw(this.#aq),this.#at(this.#ap.has(a)?a:null)}#as(a){let b=a.target?.closest(".irene-box");return(b&&this.#ao.get(b))??null}#at(a){let b=a&&this.#ap.get(a);if(!b)return!1;for(let a of this.#am.querySelectorAll('[tabindex="0"]'))a.setAttribute("tabindex","-1");return b.tabIndex=0,b.focus({preventScroll:!0}),b.scrollIntoView({block:"nearest"}),!0}#av(a,b){let c=b=>{let c=(a.parent?.node.children??[]).filter(a=>this.#ap.has(a));return c[c.indexOf(a.node)+b]};switch(b){case"ArrowDown":return this.#at(a.node.children.find(a=>this.#ap.has(a)))||!0;case"ArrowUp":return this.#at(a.parent?.node)||!0;case"ArrowRight":return this.#at(c(1))||!0;case"ArrowLeft":return this.#at(c(-1))||!0;case"Home":return this.#au(this.#aq?.root??a.node),!0;case"Enter":return a.node===this.#aq?.selected?this.#au(a.node):this.#an(a.node),!0;case" ":return this.#an(a.node),!0;case"Backspace":{let a=(this.#aq&&null!==this.#ar?bI(this.#aq.root,this.#ar):[]).at(-2);return a&&this.#au(a),!0}default:return!1}}}function bI(a,b){if(a.path===b)return[a];for(let c of a.children){let d=bI(c,b);if(d.length)return[a,...d]}return[]}class bJ{#ay;#az=G("div","head-slot");#aA=G("div","foot-slot");#aB=G("div","detail",{role:"group","aria-label":"Selected node"});#aC=G("div","panes");#$;#aD;#aE;#aF;#z;#aG;#a;constructor(a,b,c,d){var e;let f;this.#ay=d,this.#aE=b,this.#aF=c,this.#aG=d.unit??"J",this.#a=d.view??"tree",this.#z=new av(b),this.#$=new bc(this.#z,{label:"Energy by module",heading:aR([["name","Name","Module or primitive, and its class"],["share","Share","Share of the total; the solid part of the bar is the node's own energy"],["energy","Energy","Energy of the node and all below it"],["of-parent","Of parent","Share of the module that it is a part of"],["own","Own","Energy that no child explains"],["range",b.said.interval,"Bounds of the energy"],["source","Source","Where the number comes from"]]),words:{follow:"Follow the energy",followTitle:"Open the path to the node that spends the most",sorts:ar},cells:(a,b)=>(function(a,b,c){let d;if(b.dataset.kind=ah(a)?"section":a.node?.type??"group",b.toggleAttribute("data-outside",a.outside),ah(a))return[aV(a,c)];let e=aq(a);b.dataset.source=e??"";let f=ak(a),g=al(a);return[aV(a,c),function(a,b,c){let d=G("span","percent",{},A(a));if(null===a)return aS("share",d);let e=G("span","bar",{"aria-hidden":"true"},G("span","fill")),f=Math.min(1,a);return e.style.setProperty("--share",String(f)),e.style.setProperty("--heat-at",`${(100*Math.sqrt(f)).toFixed(1)}%`),e.style.setProperty("--own",String(c>0?Math.min(1,b/c):0)),aS("share",e,d)}(ao(a),g??0,f??0),aS("energy",B(f,c,a.whole)),aS("of-parent",A(ap(a))),aS("own",!a.node||a.node.children.length?B(g,c,a.whole):""),aS("range",(d=am(a))&&null!==f?C(...d,f,c,a.whole):"–"),aS("source",e?G("span","badge",{"data-source":e},J(e)):null)]})(a,b,this.#aG),rowText:aO,arrived:(a,b)=>this.#aH(a,b),marked:()=>{"icicle"===this.#a&&this.#aI(),this.#aJ()},chosen:a=>d.onSelect?.(a),depth:a=>d.onDepth?.(a),unit:a=>{a!==this.#aG&&(this.setUnit(a),d.onUnit?.(a))},view:a=>this.#aK(a),searching:()=>this.#aK("tree"),revealed:a=>this.#aD.reveal(a)},d),this.#aD=new bH(a=>{let b=this.#$.rowOf(a);b&&this.#$.choose(b)}),a.replaceChildren(this.#az,this.#$.toolbar.element,this.#$.toolbar.status,this.#aC,this.#aA,(e=()=>({report:this.#aE,data:this.#aF}),bE((f=(a,b,c,d,f)=>bD(a,b,c,()=>{let a;return[aP(a=e().report),a.created.replace(/:|\+.*$/g,"")].filter(Boolean).join("_")},d,f))("JSON","The whole report","application/json",()=>{let a;return JSON.stringify({...a=N(e().data),root:br(a.root),not_run:O(a.not_run).map(br),runs:function(a){if("string"!=typeof a)return a;let b=Object.entries(N(S(a)));return O(b[0]?.[1]).map((a,c)=>Object.fromEntries(b.map(([a,b])=>[a,O(b)[c]])))}(a.runs),..."phases"in a&&{phases:O(a.phases).map(a=>({...N(a),root:br(N(a).root)}))},..."configuration"in a&&{configuration:S(a.configuration)},..."said"in a&&{said:S(a.said)},resources:S(a.resources)??null})},"energy.json"),f("CSV","One line for each node","text/csv",()=>{var a;let b,c,d,f;return a=e().report,b=[aK],c=a.root?.energy?.joules??null,d=(a,b)=>null!==a&&b?a/b:null,f=(a,e,g)=>{let{energy:h,features:i}=a,j=h?.joules??null;for(let k of(b.push([a.path,e,a.type,a.className,a.primitive,i.calls,j,h?.low??null,h?.high??null,h?.source??null,d(j,c),d(j,g),a.ownJoules,i.flops,i.bytes,i.numParameters,i.latencySeconds,i.predictedSeconds,i.waitingSeconds,a.flags.join("; ")]),a.children))f(k,e+1,j)},a.root&&f(a.root,0,null),aM(b)}),f("SVG","The icicle as a picture","image/svg+xml",()=>(function(a){let{root:b}=a;if(!b)return"";let c=b.energy?.joules??0,d=bu(b,bz),e=58+26*bv(d)+16,f=bC(a.said.title),g=bA("svg",{xmlns:by,viewBox:`0 0 1200 ${e}`,width:1200,height:e,role:"img","font-family":"system-ui, sans-serif","font-size":12});for(let{node:b,parent:h,level:i,left:j,right:k}of(g.append(bA("title",{},f),bA("rect",{width:1200,height:e,fill:"#ffffff"}),bA("text",{x:16,y:26,"font-size":18,"font-weight":600,fill:"#222222"},f),bA("text",{x:16,y:45,fill:"#555555"},bC(a.said.provenance))),d)){let a=b.energy?.joules??null,d=null!==a&&c>0?a/c:null,{fill:e,ink:f}=bx(d),l=16+1168*j,m=(k-j)*1168,n=58+26*i,o=bC($(b,h?.node.path??null)),p=bA("g",{});p.append(bA("title",{},`${bC(b.path||o)} (${bC(b.className)}): ${B(a,"J",c)}, ${A(d)}`),bA("rect",{x:l,y:n,width:m,height:26,fill:e,stroke:"#ffffff","stroke-width":1}));let q=bB(`${o}  ${A(d)}`,m)||bB(o,m);q&&p.append(bA("text",{x:l+5,y:n+17,fill:f},q)),g.append(p)}return new XMLSerializer().serializeToString(g)})(e().report))))),this.#B(),this.#$.selected&&this.#$.grid.moveTo(this.#$.selected)}update(a,b){this.#aE=a,this.#aF=b,this.#z=new av(a,this.#$.isByWeight),this.#$.take(this.#z),this.#B()}select(a){return this.#$.select(a)}expandTo(a){return null!==this.#$.reveal(a)}setDepth(a){this.#$.setDepth(a)}setUnit(a){a!==this.#aG&&(this.#aG=a,this.#B())}setView(a){a!==this.#a&&(this.#a=a,this.#B(),"tree"===a&&this.#$.revealSelected())}#B(){let a=function({said:a}){let{phases:b,parts:c,lines:d}=a;if(!b&&!c&&!d.length)return null;let e=G("div","foot");for(let a of(b&&e.append(...bF("Phases of generation",b)),c&&e.append(...bF("Parts of the cell",c)),d))e.append(G("p","line",{},I(a,"")));return e}(this.#aE);this.#az.replaceChildren(function(a,b){let c,d,e,f=G("div","head");if(f.append((c=a.root?.energy??null,d=c?.joules??0,e="%"===b?"J":b,G("p","total",{},G("strong","total-value",{},c?B(d,e,d):a.said.title),c&&c.high>c.low?G("span","interval",{},`${a.said.interval} ${C(c.low,c.high,d,e,d)}`):null)),G("p","provenance",{},I(a.said.provenance,""))),a.runRows.length){let c=a.root?.energy?.joules??0,d="%"===b?"J":b,e=a.runRows.slice(0,32).map(a=>(function(a,b,c){let{batchSize:d,seqLen:e,calls:f,joules:g}=a,h=[f>1?`${f.toLocaleString("en")} calls`:null===a.seconds?null:"1 call",a.tokens?`${a.tokens.toLocaleString("en")} tokens`:null,a.shape&&`input ${a.shape}`,a.shape||!d?null:`batch ${aH(d)}`,a.shape||!e||1===e[1]?null:`length ${aH(e)}`,a.sizes>1?`${a.sizes.toLocaleString("en")} sizes`:null,null===a.seconds?null:w(a.seconds,"s",x),null===g?null:B(g,b,c),null===g||f<2?null:`${B(g/f,b,c)} per call`],i=G("li",a.level?"run irene-run-part":"run",{},I(a.label,"run-model"));for(let a of h)a&&i.append(G("span","fact",{},a));return i})(a,d,c));f.append(G("ul","runs",{"aria-label":"Runs"},...e))}let g=aJ(aI(a));return g&&f.append(g),f}(this.#aE,this.#aG)),this.#aA.replaceChildren(...a?[a]:[]),this.#$.showTools({unit:this.#aG,view:this.#a});let b="tree"===this.#a?this.#$.grid.element:this.#aD.element;this.#aC.firstElementChild!==b&&this.#aC.replaceChildren(b,this.#aB),this.#aI(),this.#aJ()}#aI(){if("tree"===this.#a)return void this.#$.draw();let a=this.#$.selected?.node??null,b=(a&&this.#aE.notRun.find(b=>bK(b,a)))??this.#aE.root??this.#aE.notRun[0];b&&this.#aD.draw({root:b,selected:a,unit:this.#aG})}#aJ(){let a=this.#$.selected;if(!a)return void this.#aB.replaceChildren(G("p","hint",{},"Select a row to see its details."));let b=a9("Copy row","Copy this row to the clipboard (Ctrl+C in the tree)",()=>this.#$.copy(a));this.#aB.replaceChildren(function(a,b,c,d){let e=document.createDocumentFragment(),f=a.node;if(!f)return e;if(e.append(G("h3","detail-title",{},I(f.className,"detail-class"))),f.path&&e.append(G("p","detail-path",{},I(f.path,"path"))),a.outside&&e.append(G("p","detail-outside",{},"Not in the total")),f.flags.length){let a=G("ul","flags",{"aria-label":"Flags"});for(let b of f.flags)a.append(G("li","note",{},I(b,"")));e.append(a)}let g="%"===d?"J":d,h=[["Type",f.type]];f.primitive&&h.push(["Primitive",f.primitive]),f.features.operation&&h.push(["Operation",f.features.operation]);let i=G("dl","facts");for(let[d,e]of[...function(a,b,c,d,e){let f=[],{energy:g}=a;if(!g)return[["Energy","unknown"]];f.push(["Energy",B(g.joules,d,b.whole)]);let h=am(b);h&&f.push([e,C(...h,g.joules,d,b.whole)]);let i=ao(b);null!==i&&f.push([b.outside?"Share of its model":"Share of total",A(i)]);let j=ap(b);null!==j&&f.push(["Share of parent",A(j)]);let k=al(b);a.children.length&&null!==k&&f.push(["Own energy",B(k,d,b.whole)]);let l=function(a,b,c,d){let e=c.alike(a);if(e.length<2)return null;let f=e.reduce((a,b)=>a+(b.energy?.joules??0),0),g=b.whole>0?` (${A(f/b.whole)})`:"";return`${e.length}, together ${B(f,d,b.whole)}${g}`}(a,b,c,d);return l&&f.push(["Alike nodes",l]),f.push(["Source",g.source]),f}(f,a,c,g,b.said.interval),...a.outside?[]:b.phases.flatMap(b=>{let c=b.joulesAt.get(f.path);if(void 0===c)return[];let d=f.energy?.joules??0,e=d>0?` (${A(Math.min(1,c/d))})`:"";return[[`In ${b.phase}`,B(c,g,a.whole)+e]]}),...function(a){let{features:b}=a,c=[["Calls",b.calls.toLocaleString("en")]],d=(a,b)=>{b&&c.push([a,b])},{latencySeconds:e,predictedSeconds:f,waitingSeconds:g}=b,h=e??f;for(let[a,c]of(null!==e?d("Latency",w(e,"s",x)):null!==f&&d("Predicted time",w(f,"s",x)),h&&null!==g&&d("Waited for its host",`${w(g,"s",x)} (${A(g/h)})`),b.flops&&d("Compute",w(b.flops,"FLOP",y)),b.bytes&&d("Memory traffic",w(b.bytes,"B",z)),b.flops&&b.bytes&&d("Arithmetic intensity",`${u(b.flops/b.bytes)} FLOP/B`),b.numParameters&&d("Parameters",b.numParameters.toLocaleString("en")),d("Inputs",b.inputShapes.join(", ")),d("Outputs",b.outputShapes.join(", ")),d("Data type",b.dtype),d("Ran on",b.device),b.resources))d(a.replaceAll("_"," "),u(c));return c}(f),...h])i.append(G("dt","",{},d),G("dd","",{},I(H(e),"")));return e.append(i),e}(a,this.#aE,this.#z,this.#aG),G("p","actions",{},b))}#aK(a){a!==this.#a&&(this.setView(a),this.#ay.onView?.(a))}#aH(a,b){let c=a?.node;if(!a||!c)return"Nothing in this tree spends energy";let d="%"===this.#aG?"J":this.#aG,e=a=>c.path?a.energy?.joules??0:as(a),f=b=>A(a.whole>0?b/a.whole:null),g=b.reduce((a,b)=>a+e(b),0),h=b.length>1?`; in all ${b.length} repetitions ${f(g)}`:"",i=!c.path&&c.children.length>0,j=c.path?`${c.path} (${c.className})`:c.className+(i?" itself, beyond its parts":""),k=e(c);return`Most is spent in ${j}: ${B(k,d,a.whole)}, ${f(k)}${h}`}}let bK=(a,b)=>a===b||a.children.some(a=>bK(a,b));function bL(a,b){let c=G("div","tree",{role:"group","aria-label":b});return c.addEventListener("keydown",a=>{a3(a)&&a.stopPropagation()}),a.replaceChildren(c),c}function bM(a){try{let b=bp(a);if(b.root||b.notRun.length)return b;return[G("p","empty",{},I(b.said.title,"")),...b.notes.map(a=>G("p","note",{},I(a,"")))]}catch(a){if(!(a instanceof bi))throw a;return[G("p","empty",{},`Not shown: ${a.message}.`)]}}function bN(a,b,c={}){let d=bL(a,"Energy report"),e={...c},f=null,g=a=>{let b=bM(a);Array.isArray(b)?(f=null,d.replaceChildren(...b)):f?f.update(b,a):f=new bJ(d,b,a,e)};return g(b),{dispose:()=>d.remove(),update:g,select:a=>f?.select(a)??!1,expandTo:a=>f?.expandTo(a)??!1,setDepth:a=>{e.expandedDepth=a,f?.setDepth(a)},setUnit:a=>{e.unit=a,f?.setUnit(a)},setView:a=>{e.view=a,f?.setView(a)}}}function bO(a,b,c,d={}){let e=bL(a,"Energy comparison"),f={...d},g=null,h=(a,b)=>{let[c,d]=[bM(a),bM(b)];Array.isArray(c)||Array.isArray(d)?(g=null,e.replaceChildren(...[c,d].flatMap(a=>Array.isArray(a)?a:[]))):g?g.update([c,d]):g=new bP(e,[c,d],f)};return h(b,c),{dispose:()=>e.remove(),update:h,select:a=>g?.select(a)??!1,expandTo:a=>g?.expandTo(a)??!1,setDepth:a=>{f.expandedDepth=a,g?.setDepth(a)},setUnit:a=>{f.unit=a,g?.setUnit(a)}}}class bP{#aL;#az=G("div","head-slot");#aB=G("div","detail",{role:"group","aria-label":"Selected node"});#$;#aM;#aN;#aG;constructor(a,b,c){let[d,e]=c.labels??["before","after"];this.#aL=[J(d),J(e)],this.#aG=c.unit??"J",this.#aM=b,this.#aN=bQ(b,!1),this.#$=new bc(this.#aN,{label:"Energy by module, compared",heading:(([a,b])=>aR([["name","Name","Module or primitive, and its class"],["before",a,"Energy in the first report"],["after",b,"Energy in the second report"],["difference","Difference","The second report's energy less the first one's"],["change","Change","The difference in percent of the first report's energy"],["verdict","Significance","Significant: the two intervals do not overlap"]]))(this.#aL),words:{follow:"Follow the difference",followTitle:"Open the path to what differs most",sorts:aw},cells:(a,b)=>(function(a,b,c,d,[e,f]){let g=aC(aZ(a)),h=az(a),{before:i,after:j}=aZ(a),{dataset:k}=b;k.kind=a.node?(j??i)?.type??"":"group",k.verdict=g,k.sign=h?h>0?"more":"less":"";let l=G("span","delta",{"aria-hidden":"true"},G("span","delta-fill")),m=f-e||1;return l.style.setProperty("--axis",String(-e/m)),l.style.setProperty("--length",String(Math.abs(h??0)/m)),[function(a,b){let c=aT(a.members.flatMap(a=>az({members:[a]})||[]),c=>E(c,b,a.whole)),d=a.node?a.detail:[c,a.detail].filter(Boolean).join(" \xb7 "),e=a.members.flatMap(({before:a,after:b})=>[...a?.flags??[],...b?.flags??[]]),{before:f,after:g}=aZ(a),h=a.node?`${(g??f)?.path||a.label} (${a.detail})`:`${a.label} \xb7 ${d}`;return aU(a.label,d,e,h)}(a,c),aS("energy",a$(a,"before",c)),aS("energy",a$(a,"after",c)),aS("difference",l,G("span","delta-text",{},E(h,c,a.whole))),aS("change",F(aA(a))),aS("verdict",aY(g,d))]})(a,b,this.#aG,this.#aL,this.#aN.extremes),rowText:a=>(function(a,b){let{before:c,after:d}=aZ(a),e=b=>{let c=ay(a,b);return aZ(a)[b]?null===c?"unknown":`${c} J`:""},f=az(a);return aN([a.node&&(d??c)?.path||a.label,a.detail,e("before"),e("after"),null===f?"unknown":`${f} J`,F(aA(a)),J(aX(aC(aZ(a)),b))])})(a,this.#aL),arrived:(a,b)=>this.#aH(a,b),marked:()=>this.#aJ(),chosen:a=>c.onSelect?.(a),depth:()=>void 0,unit:a=>{this.setUnit(a),c.onUnit?.(a)}},c);let{toolbar:f,grid:g}=this.#$,h=G("div","panes",{},g.element,this.#aB);h.dataset.comparison="";let i=bE(bD("CSV","One line for each pair","text/csv",()=>this.#aM.map(aP).join("_against_"),()=>{var a;let b,c,d;return a=this.#aN.root,b=a=>a?a.energy:ax,c=[a_],(d=(a,e)=>{let{before:f,after:g}=a,[h,i]=[b(f),b(g)],j=aA({members:[a]});for(let b of(c.push([f?f.path:null,g?g.path:null,e,(f??g)?.type??"",f?f.className:null,g?g.className:null,...[h,i].flatMap(a=>a?[a.joules,a.low,a.high,a.source]:[null,null,null,null]),az({members:[a]}),null===j?null:100*j,aB(a),h&&i?(g?as(g):0)-(f?as(f):0):null]),a.children))d(b,e+1)})(a,0),aM(c)})),j=G("p","legend",{},`* significant: the ${b[0].said.interval}s do not overlap; no verdict where one side is estimated or extrapolated`);a.replaceChildren(this.#az,f.element,f.status,h,j,i),this.#B(),this.#$.selected&&g.moveTo(this.#$.selected)}update(a){this.#aM=a,this.#aN=bQ(a,this.#$.isByWeight),this.#$.take(this.#aN),this.#B()}select(a){return this.#$.select(a)}expandTo(a){return null!==this.#$.reveal(a)}setDepth(a){this.#$.setDepth(a)}setUnit(a){this.#aG=a,this.#B()}#B(){this.#az.replaceChildren(function(a,b,c,d){var e,f;let g="%"===d?"J":d,h={members:[a.root]},i=aC(a.root),j=aA(h),k=G("div","head");k.append(G("p","total",{},G("strong","total-value",{},E(az(h),g,0)),G("span","total-change",{},null===j?"":F(j)),aY(i,c),G("span","interval",{},aW[i])));let l=b.map(a=>a.said.provenance),m=l[0]===l[1],n=G("dl","sides"),o=(a,...b)=>n.append(G("dt","side-label",{},I(a,"")),G("dd","side",{},...b));for(let[a,d]of(b.forEach((a,b)=>{let d=a.root?.energy??null,e=d?` ${B(d.joules,g,0)}, ${a.said.interval} `+C(d.low,d.high,d.joules,g,0):" nothing ran",f=m?[]:[" \xb7 ",I(l[b]??"","")];o(c[b]??"",I(a.root?.className??"","run-model"),e,...f)}),m&&o("both",I(l[0]??"","")),e=b,f=g,a0(e)?[]:["queries","tokens"].flatMap(a=>{let[b,c]=e.map(({root:b,said:{work:c}})=>{let d=c?.[a];return b?.energy&&d?b.energy.joules/d:null});return null==b||null==c?[]:[["queries"===a?"a query":"a token",[b,c].map(a=>B(a,f,0)).join(" → ")+(b>0?` (${F((c-b)/b)})`:"")]]})))o(a,d);k.append(n);let p=aJ(function(a,b){let c=[],d=(d,e)=>{let[f,g]=a.map(e);f!==g&&c.push(["⚠",`${d}: ${f} ${b[0]}, ${g} ${b[1]}.`])};d("Two devices",a=>a.device.label),d("Two kinds of numbers",a=>a.root?.energy?.source??"nothing"),a0(a)||d("Two sizes of work",a1);let[e,f]=a.map(aI),g=(a,b)=>a.some(([,a])=>a===b);for(let[a,d]of e)c.push([a,g(f,d)?d:`${b[0]}: ${d}`]);for(let[a,d]of f)g(e,d)||c.push([a,`${b[1]}: ${d}`]);return c}(b,c));return p&&k.append(p),k}(this.#aN,this.#aM,this.#aL,this.#aG)),this.#$.showTools({unit:this.#aG}),this.#$.draw(),this.#aJ()}#aJ(){let a=this.#$.selected;if(!a?.node)return;let b=a9("Copy row","Copy this row to the clipboard (Ctrl+C in the tree)",()=>this.#$.copy(a));this.#aB.replaceChildren(G("h3","detail-title",{},I(a.label,"")),G("p","detail-difference",{},G("strong","",{},E(az(a),this.#aG,a.whole)),` ${F(aA(a))} `,aY(aC(a.node),this.#aL)),G("p","hint",{},aW[aC(a.node)]),function({before:a,after:b},c,d,e){let f="%"===e?"J":e,g=G("tr","",{},G("td",""));for(let a of d)g.append(G("th","",{scope:"col"},I(a,"")));let h=G("table","table",{"aria-label":"Both sides"},g),i=(d,e)=>{let f=[a?e(a,c[0]):"",b?e(b,c[1]):""];if(f.every(a=>!a))return;let g=f.map(a=>G("td","",{},I(H(a)||"–","")));h.append(G("tr","",{},G("th","",{scope:"row"},d),...g))};return i("Class",a=>a.className),i("Path",a=>a.path),i("Energy",a=>B(a.energy?.joules??null,f,0)),i(c[0].said.interval,({energy:a})=>a?C(a.low,a.high,a.joules,f,0):""),i("Own energy",a=>a.children.length&&null!==a.ownJoules?B(a.ownJoules,f,0):""),i("Share of total",(a,b)=>{let c=b.root?.energy?.joules??0;return a.energy&&c>0?A(a.energy.joules/c):""}),i("Source",a=>a.energy?.source??""),i("Calls",a=>a.features.calls.toLocaleString("en")),i("Compute",({features:a})=>a.flops?w(a.flops,"FLOP",y):""),i("Memory traffic",({features:a})=>a.bytes?w(a.bytes,"B",z):""),i("Parameters",({features:a})=>a.numParameters?w(a.numParameters,"",y).trim():""),i("Flags",a=>a.flags.join("; ")),h}(a.node,this.#aM,this.#aL,this.#aG),G("p","actions",{},b))}#aH(a,b){if(!a?.node)return"The two do not differ";let c="%"===this.#aG?"J":this.#aG,d=b=>E(b.reduce((a,b)=>a+this.#aN.ownOf(b),0),c,a.whole),e=b.length>1?`; in all ${b.length} repetitions ${d(b)}`:"",{before:f,after:g,children:h}=a.node,i=J(this.#aN.pathOf(a.node))||a.label,j=f&&g&&h.length?`${i} itself`:i;return`Most differs in ${j}: ${d([a.node])}${e}`}}let bQ=([a,b],c)=>new aF(a.root,b.root,c)}}]);
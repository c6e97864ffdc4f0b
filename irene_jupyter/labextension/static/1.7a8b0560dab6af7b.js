"use strict";(self.rspackChunkirene_jupyter=self.rspackChunkirene_jupyter||[]).push([[1],{30(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The extension's parts around the tree; colours are those of JupyterLab's theme. */
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
`,""]),c.d(b,{},{A:g})},28(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* What would help: a question, and a table of answers. */
.irene-advice {
  padding: 8px 14px;
  border-top: 1px solid var(--irene-line);
}

.irene-advice-title {
  margin: 4px 0;
  font-weight: 600;
}

.irene-advice-scroll {
  overflow-x: auto;
}

.irene-advice-table {
  border-collapse: collapse;
}

.irene-tree.irene-tree .irene-advice-cell {
  padding: 4px 14px 4px 0;
  text-align: left;
  vertical-align: top;
  white-space: nowrap;
  font-variant-numeric: tabular-nums;
}

.irene-tree.irene-tree .irene-advice-cell:first-child {
  min-width: 220px;
  max-width: 460px;
  white-space: normal;
}

.irene-advice-how,
.irene-advice-basis {
  display: block;
}

.irene-advice-basis {
  color: var(--irene-soft-ink);
}
`,""]),c.d(b,{},{A:g})},29(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* Two reports against each other. */
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

/* Labels of devices are long: what is chosen is said above, too. */
.irene-select[data-menu="device"] {
  max-width: 140px;
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
.irene-phase,
.irene-range {
  text-align: right;
  white-space: nowrap;
}

.irene-of-parent,
.irene-own,
.irene-phase,
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

/* Phases in place of other columns. */
.irene-panes[data-phased] {
  --irene-columns: minmax(150px, 1fr) 132px 72px repeat(var(--phases), 72px);
}

.irene-phase::first-letter {
  text-transform: uppercase;
}

@container irene ((min-width: 960px) and (max-width: 1139px)) or ((min-width: 560px) and (max-width: 799px)) {
  .irene-panes[data-phased] {
    --irene-columns: minmax(90px, 1fr) 54px 66px repeat(var(--phases), 66px);
  }

  [data-phased] .irene-bar {
    display: none;
  }
}

@container irene (max-width: 559px) {
  .irene-panes[data-phased] {
    --irene-columns: minmax(100px, 1fr) 96px 70px;
  }

  .irene-phase {
    display: none;
  }
}

/* The badge says it too, where there is room for it. */
@container irene (min-width: 480px) {
  .irene-panes:not([data-phased]) .irene-row[data-source="estimated"] .irene-mark[data-code="estimated"] {
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
  .irene-panes,
  .irene-panes[data-phased] {
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
`,""]),c.d(b,{},{A:g})},18(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=c.n(f),h=c(21),i=c(22),j=c(23),k=c(24),l=c(25),m=c(26),n=c(27),o=c(28),p=g()(e());p.i(h.A),p.i(i.A),p.i(j.A),p.i(k.A),p.i(l.A),p.i(m.A),p.i(n.A),p.i(o.A),p.push([a.id,`/* The energy tree's style, part by part. A comparison needs comparison.css, too. */
`,""]),c.d(b,{},{A:p})},20(a){a.exports=function(a){var b=[];return b.toString=function(){return this.map(function(b){var c="",d=void 0!==b[5];return b[4]&&(c+="@supports (".concat(b[4],") {")),b[2]&&(c+="@media ".concat(b[2]," {")),d&&(c+="@layer".concat(b[5].length>0?" ".concat(b[5]):""," {")),c+=a(b),d&&(c+="}"),b[2]&&(c+="}"),b[4]&&(c+="}"),c}).join("")},b.i=function(a,c,d,e,f){"string"==typeof a&&(a=[[null,a,void 0]]);var g={};if(d)for(var h=0;h<this.length;h++){var i=this[h][0];null!=i&&(g[i]=!0)}for(var j=0;j<a.length;j++){var k=[].concat(a[j]);d&&g[k[0]]||(void 0!==f&&(void 0===k[5]||(k[1]="@layer".concat(k[5].length>0?" ".concat(k[5]):""," {").concat(k[1],"}")),k[5]=f),c&&(k[2]&&(k[1]="@media ".concat(k[2]," {").concat(k[1],"}")),k[2]=c),e&&(k[4]?(k[1]="@supports (".concat(k[4],") {").concat(k[1],"}"),k[4]=e):k[4]="".concat(e)),b.push(k))}},b}},19(a){a.exports=function(a){return a[1]}},12(a){var b=[];function c(a){for(var c=-1,d=0;d<b.length;d++)if(b[d].identifier===a){c=d;break}return c}function d(a,d){for(var e={},f=[],g=0;g<a.length;g++){var h=a[g],i=d.base?h[0]+d.base:h[0],j=e[i]||0,k="".concat(i," ").concat(j);e[i]=j+1;var l=c(k),m={css:h[1],media:h[2],sourceMap:h[3],supports:h[4],layer:h[5]};if(-1!==l)b[l].references++,b[l].updater(m);else{var n=function(a,b){var c=b.domAPI(b);return c.update(a),function(b){b?(b.css!==a.css||b.media!==a.media||b.sourceMap!==a.sourceMap||b.supports!==a.supports||b.layer!==a.layer)&&c.update(a=b):c.remove()}}(m,d);d.byIndex=g,b.splice(g,0,{identifier:k,updater:n,references:1})}f.push(k)}return f}a.exports=function(a,e){var f=d(a=a||[],e=e||{});return function(a){a=a||[];for(var g=0;g<f.length;g++){var h=c(f[g]);b[h].references--}for(var i=d(a,e),j=0;j<f.length;j++){var k=c(f[j]);0===b[k].references&&(b[k].updater(),b.splice(k,1))}f=i}}},14(a){var b={};a.exports=function(a,c){var d=function(a){if(void 0===b[a]){var c=document.querySelector(a);if(window.HTMLIFrameElement&&c instanceof window.HTMLIFrameElement)try{c=c.contentDocument.head}catch(a){c=null}b[a]=c}return b[a]}(a);if(!d)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");d.appendChild(c)}},16(a){a.exports=function(a){var b=document.createElement("style");return a.setAttributes(b,a.attributes),a.insert(b,a.options),b}},15(a,b,c){a.exports=function(a){var b=c.nc;b&&a.setAttribute("nonce",b)}},13(a){a.exports=function(a){if("u"<typeof document)return{update:function(){},remove:function(){}};var b=a.insertStyleElement(a);return{update:function(c){var d,e,f;d="",c.supports&&(d+="@supports (".concat(c.supports,") {")),c.media&&(d+="@media ".concat(c.media," {")),(e=void 0!==c.layer)&&(d+="@layer".concat(c.layer.length>0?" ".concat(c.layer):""," {")),d+=c.css,e&&(d+="}"),c.media&&(d+="}"),c.supports&&(d+="}"),(f=c.sourceMap)&&"u">typeof btoa&&(d+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(f))))," */")),a.styleTagTransform(d,b,a.options)},remove:function(){var a;null===(a=b).parentNode||a.parentNode.removeChild(a)}}}},17(a){a.exports=function(a,b){if(b.styleSheet)b.styleSheet.cssText=a;else{for(;b.firstChild;)b.removeChild(b.firstChild);b.appendChild(document.createTextNode(a))}}},7(a,b,c){let d=`<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M13.2 2.5 4.8 13.6h5.7L9.6 21.5l8.9-11.9h-6z"/>
</svg>`;c.d(b,{},{d:d})},10(a,b,c){c.d(b,{e:()=>t,T:()=>u});var d=c(8),e=c(11),f=c(12),g=c.n(f),h=c(13),i=c.n(h),j=c(14),k=c.n(j),l=c(15),m=c.n(l),n=c(16),o=c.n(n),p=c(17),q=c.n(p),r=c(30),s={};s.styleTagTransform=q(),s.setAttributes=m(),s.insert=k().bind(null,"head"),s.domAPI=i(),s.insertStyleElement=o(),g()(r.A,s),r.A&&r.A.locals&&r.A.locals;let t="application/vnd.irene.energy+json";class u extends d.Widget{#a=null;constructor(){super(),this.addClass("irene-lab-output"),this.node.dataset.irene="static"}draw(a){let b=a.data[t],c=a.metadata[t],d=c?.expanded_depth;this.#a?.dispose(),this.#a=(0,e.B6)(this.node,"string"==typeof b?function(a){try{return JSON.parse(a)}catch{return null}}(b):b,"number"==typeof d?{expandedDepth:d}:{})}dispose(){this.#a?.dispose(),this.#a=null,super.dispose()}}},11(a,b,c){c.d(b,{fL:()=>aU,QE:()=>B,L8:()=>Y,Vb:()=>$,tL:()=>a_,Wo:()=>b5,B6:()=>b4,ml:()=>_});var d=c(12),e=c.n(d),f=c(13),g=c.n(f),h=c(14),i=c.n(h),j=c(15),k=c.n(j),l=c(16),m=c.n(l),n=c(17),o=c.n(n),p=c(18),q={};q.styleTagTransform=o(),q.setAttributes=k(),q.insert=i().bind(null,"head"),q.domAPI=g(),q.insertStyleElement=m(),e()(p.A,q),p.A&&p.A.locals&&p.A.locals;var r=c(29),s={};s.styleTagTransform=o(),s.setAttributes=k(),s.insert=i().bind(null,"head"),s.domAPI=g(),s.insertStyleElement=m(),e()(r.A,s),r.A&&r.A.locals&&r.A.locals;let t=["J","mJ","Wh","%"];function u(a){if(0===a)return"0";if(5e-4>Math.abs(a))return"<0.001";let b=Number(a.toPrecision(3));if(Math.abs(b)>=1e3)return Math.round(a).toLocaleString("en");let c=Math.floor(Math.log10(Math.abs(b)));return b.toFixed(Math.min(4,Math.max(0,2-c)))}function v(a,b){if(0===a)return[1,""];let c=Number(a.toPrecision(3)),d=b[b.length-1];return b.find(([a])=>c>=a)??d}function w(a,b,c){let[d,e]=v(a,c);return`${u(a/d)} ${e}${b}`}let x=[[1e3,"k"],[1,""],[.001,"m"],[1e-6,"\xb5"]],y=[[1e12,"T"],[1e9,"G"],[1e6,"M"],[1e3,"k"],[1,""]],z=[[0x10000000000,"Ti"],[0x40000000,"Gi"],[1048576,"Mi"],[1024,"Ki"],[1,""]];function A(a){if(null===a)return"–";let b=100*a;return 0===b?"0 %":b<.01?"<0.01 %":`${b.toFixed(b<.995?2:+(b<99.95))} %`}function B(a,b,c){if(null===a)return"–";switch(b){case"%":return A(c>0?a/c:null);case"mJ":return`${u(1e3*a)} mJ`;case"Wh":return w(a/3600,"Wh",x);case"J":return w(a,"J",x)}}function C(a,b,c,d,e){if("%"===d)return e>0?`${u(100*a/e)}–${u(100*b/e)} %`:"–";if("mJ"===d)return`${u(1e3*a)}–${u(1e3*b)} mJ`;let f="Wh"===d?1/3600:1,[g,h]=v(c*f,x),[i,j]=[a,b].map(a=>u(a*f/g));return`${i}–${j} ${h}${"Wh"===d?"Wh":"J"}`}let D=(a,b)=>0===a?b:`${a>0?"+":"−"}${b}`;function E(a,b,c){return null===a?"–":D(a,B(Math.abs(a),b,c))}function F(a){if(null===a)return"–";let b=Math.abs(a);return D(a,b<10?A(b):`${Math.round(100*b).toLocaleString("en")} %`)}let G=/^zlib:(\d{1,9}):/,H=[16,17,18,0,8,7,9,6,10,5,11,4,12,3,13,2,14,1,15];function I(a){let b=Array(16).fill(0);for(let c of a)c&&b[c]++;return{counts:b,symbols:a.map((a,b)=>[a,b]).filter(([a])=>a).sort(([a,b],[c,d])=>a-c||b-d).map(([,a])=>a)}}let J=(a,b)=>Array(a).fill(b),K=[I([...J(144,8),...J(112,9),...J(24,7),...J(8,8)]),I(J(30,5))],L=a=>"object"==typeof a&&null!==a&&!Array.isArray(a),M=a=>L(a)?a:{},N=a=>Array.isArray(a)?a:[],O=a=>"string"==typeof a?a:"",P=a=>N(a).map(O).filter(Boolean),Q=a=>"number"==typeof a&&Number.isFinite(a)?a:null;function R(a){if("string"!=typeof a)return a;try{return JSON.parse(function(a){let[b,c]=G.exec(a)??[];if(void 0===b)return a;if(Number(c)>0x10000000)throw Error("too long");let d=Uint8Array.from(atob(a.slice(b.length)),a=>a.charCodeAt(0));return new TextDecoder().decode(function(a,b){let c=new Uint8Array(b),d=16,e=0,f=b=>{let c=0;for(let e=0;e<b;e++,d++){let b=a[d>>3];if(void 0===b)throw Error("no end");c|=(b>>(7&d)&1)<<e}return c},g=a=>{if(void 0===a||e===b)throw Error("damaged");c[e++]=a},h=({counts:a,symbols:b})=>{let[c,d,e]=[0,0,0];for(let g=1;g<=15;g++){c|=f(1);let h=a[g];if(c-d<h)return b[e+c-d];e+=h,d=d+h<<1,c<<=1}throw Error("damaged")},i=()=>{let[a,b,c]=[f(5)+257,f(5)+1,f(4)+4],d=J(H.length,0);for(let a of H.slice(0,c))d[a]=f(3);let e=I(d),g=[];for(;g.length<a+b;){let a=h(e);a<16?g.push(a):16===a?g.push(...J(3+f(2),g.at(-1)??0)):g.push(...J(17===a?3+f(3):11+f(7),0))}return[I(g.slice(0,a)),I(g.slice(a))]},j=(a,b)=>{for(let d=h(a);256!==d;d=h(a)){if(d<256){g(d);continue}let a=d-256-1,i=a<8||28===a?0:(a>>2)-1,j=(a<8?a+3:28===a?258:(4+(3&a)<<i)+3)+f(i),k=h(b),l=k<4?0:(k>>1)-1,m=k<4?k+1:(2+(1&k)<<l)+1+f(l);for(let a=0;a<j;a++)g(c[e-m])}};for(let a=!1;!a;){a=1===f(1);let b=f(2);if(0===b){d=d+7&-8;let a=f(16);d+=16;for(let b=0;b<a;b++)g(f(8))}else if(3===b)throw Error("damaged");else j(...1===b?K:i())}if(e!==b)throw Error("damaged");return c}(d,Number(c)))}(a))}catch{return null}}let S=["estimated","extrapolated"],T=a=>a.split(":",1)[0]?.trim()??"",U=(a,b)=>Array.isArray(a)&&a.length<=(b??2e3)&&a.length>=(b??0)&&a.every(a=>"string"==typeof a),V=(a,b)=>Array.isArray(a)&&a.length<=2e3&&a.every(a=>U(a,b)),W=a=>null===a||Number.isSafeInteger(a)&&a>=0,X=a=>null===a||L(a)&&U(a.columns)&&V(a.rows,a.columns.length)&&"string"==typeof a.legend;function Y(a,b,c={},...d){let e=document.createElement(a);for(let[a,d]of(b&&(e.className=`irene-${b}`),Object.entries(c)))e.setAttribute(a,d);return e.append(...d.filter(a=>null!==a)),e}let Z=a=>a.replace(/ (?=[%×])|(?<=×) |(?<=\d) (?=[A-Za-zµ/]{1,6}(?:$|[ ,]))/g,"\xa0");function $(a,b){return Y("bdi",b,{dir:"ltr"},_(a))}let _=a=>a.length>400?`${a.slice(0,400)}…`:a,aa=/^(.*[._])?(\d{1,9})$/;function ab(a,b){if(!a.path)return a.className;let c=`${b}.`;return b&&a.path.startsWith(c)?a.path.slice(c.length):a.path}function ac(a){let b=aa.exec(a[0]??"")?.[1]??"",c=a.map(a=>Number(aa.exec(a)?.[2])),[d=0,e]=c,f=c.at(-1)??0;return f-d==c.length-1?`${b}${d}–${f}`:b+(c.length>5?`${d}, ${e} … ${f}`:c.join(", "))}function ad(a,b){let c=[];for(let d of a){let a=c.at(-1);a&&b(a[0],a.at(-1),d)?a.push(d):c.push([d])}return c}function ae(a,b){let[c,d]=[a.whole??a,b.whole??b];if(!c.energy||!d.energy)return c.energy===d.energy;let{joules:e,source:f}=c.energy,g=Math.max(e,d.energy.joules);return f===d.energy.source&&Math.abs(e-d.energy.joules)<=("estimated"===f?.25:.05)*g}class af{#b=new Map;#c=new Map;#d=new Map;add(a){let b=a.whole??a,{latencySeconds:c,predictedSeconds:d,waitingSeconds:e,resources:f,...g}=b.features,h=JSON.stringify([a.className,a.primitive,a.type,null===b.energy,b.flags.map(T).filter(a=>"launch-bound"!==a),g,a.children.map(b=>[ab(b,a.path),this.#c.get(b)])]),i=this.#b.get(h)??this.#b.size;this.#b.set(h,i),this.#c.set(a,i);let j=this.#d.get(i);j?j.push(a):this.#d.set(i,[a])}alike(a){return this.#d.get(this.#c.get(a)??-1)??[a]}repeats(a,b,c){let d,e;return d=aa.exec(ab(a,c)),e=aa.exec(ab(b,c)),!!d&&!!e&&d[1]===e[1]&&Number(d[2])<Number(e[2])&&this.#c.get(a)===this.#c.get(b)}}let ag="Cell",ah=a=>a.className===ag?a:{...a,className:ag,ownJoules:0,children:[a]},ai=(a,b)=>({before:a,after:b,children:a&&b?function(a,b){let c=a.children,d=new Map,e=[...b.children],f=(a,b)=>{b&&d.set(a,b)};for(let g of[(a,b)=>ab(a,b.path),a=>a.className,a=>a.primitive]){let h=new Map,i=(a,b)=>JSON.stringify([g(a,b),a.type]);for(let a of e){if(null===g(a,b))continue;let c=i(a,b),d=h.get(c);d?d.push(a):h.set(c,[a])}for(let b of c)d.has(b)||f(b,h.get(i(b,a))?.shift());let j=new Set(d.values());e=e.filter(a=>!j.has(a))}for(let a of c){if(d.has(a))continue;let b=e.find(b=>(function(a,b){if(a.type!==b.type||"ml"===a.type)return!1;let[c,d]=[aj(a),aj(b)],e=[c.length,d.length],f=new Set(c.flatMap(a=>a.primitive??[]));return Math.max(...e)<=4*Math.min(...e)&&d.some(a=>null!==a.primitive&&f.has(a.primitive))})(a,b));f(a,b),e=e.filter(a=>a!==b)}return function({children:a},{children:b},c,d){let e=new Map,f=null;for(let a of b)d.has(a)?e.set(f,[...e.get(f)??[],a]):f=a;let g=a=>(e.get(a)??[]).map(a=>ai(null,a));return[...g(null),...a.flatMap(a=>{let b=c.get(a)??null;return[ai(a,b),...b?g(b):[]]})]}(a,b,d,new Set(e))}(a,b):(a??b)?.children.map(b=>a?ai(b,null):ai(null,b))??[]}),aj=a=>[a,...a.children.flatMap(aj)],ak=a=>null===a.node&&null===a.parent;class al{#e=new Map;#f=new Map;#g=new Set;#h;constructor(a){this.#h=a}nodes(){return this.#f.keys()}keyOf(a){return this.#f.get(a)??""}parentOf(a){return this.#e.get(a)??null}hasChildren(a){return a.node?a.node.children.length>0:a.members.length>0}childrenOf(a){if(!a.children){let{node:b}=a,c=b?this.#i(b).map(c=>this.entry(c,b,a.whole)):a.members.map(b=>this.entry([b],this.parentOf(b),a.whole));a.children=this.sorted(this.rows(c,a))}return a.children}chain(a){let b=[];for(let c=a;c;c=this.parentOf(c))b.unshift(c);let c=[],d=this.top;for(let a of b){let b=d.find(b=>b.members.includes(a));if(b&&!b.node&&(c.push(b),b=this.childrenOf(b).find(b=>b.node===a)),!b)return[];c.push(b),d=this.childrenOf(b)}return c}foremost(){let a=0,b=[],c=d=>{let[e]=d;if(!e)return{sum:0,size:0};let f=d.map(a=>this.ownOf(a)),g=Math.max(...f.map(Math.abs)),h=f.reduce((a,b)=>a+b,0),i=Math.max(Math.abs(h),g),j=0,k=0;for(let a of this.partsOf(e)){let b=k;k+=a.length;let e=c(d.flatMap(c=>c.children.slice(b,b+a.length)));h+=e.sum,j=Math.max(j,e.size)}let l=Math.max(Math.abs(h),g);return i>j&&l>a&&([a,b]=[l,d]),{sum:h,size:l}},[d]=this.top;if(d?.node)c([d.node]);else for(let a of d?.members??[])c([a]);let e=a=>Math.abs(this.ownOf(a)),f=b.reduce((a,b)=>a&&e(a)>=e(b)?a:b,null);return f&&{node:f,repeated:b}}sort(a){this.#h=a;let b=a=>{a.children&&(this.sorted(a.children),a.children.forEach(b))};this.top.forEach(b)}sorted(a){let b=a=>this.#h?this.weightOf(a)??-1:0;return a.sort((a,c)=>b(c)-b(a)||a.order-c.order)}expandTo(a){let b=c=>{c.expanded=this.hasChildren(c)&&c.level<=a;let d=c.expanded?this.childrenOf(c):c.children;d?.forEach(b)};this.top.forEach(b)}expandAs(a){let b=new Set,c=a=>{a.expanded&&b.add(a.key),a.children?.forEach(c)};a.top.forEach(c);let d=a=>{b.has(a.key)&&this.hasChildren(a)&&(a.expanded=!0,this.childrenOf(a).forEach(d))};this.top.forEach(d)}height(){let a=b=>Math.max(b.level,...this.childrenOf(b).map(a));return Math.max(0,...this.top.map(a))}index(a,b,c){let d=c(a);for(;this.#g.has(d);)d+="'";for(let e of(this.#g.add(d),this.#f.set(a,d),this.#e.set(a,b),a.children))this.index(e,a,c)}partsOf(a){return ad(a.children,(b,c,d)=>this.repeats(c,d,a))}entry(a,b,c){let d=a[0],e=this.keyOf(d),f=this.words(a,b);return 1===a.length?{key:e,node:d,members:a,whole:c,...f}:{key:`${e} and alike`,node:null,members:a,whole:c,...f}}rows(a,b){return a.map((a,c)=>({...a,parent:b,order:c,level:(b?.level??0)+1,outside:!!b&&(b.outside||ak(b)),expanded:!1,children:null}))}#i(a){return ad(a.children,(b,c,d)=>this.repeats(c,d,a)&&this.isClose(b,d))}}let am=a=>a.every(a=>null===a)?null:a.reduce((a,b)=>a+(b??0),0),an=a=>am(a.members.map(a=>a.energy?.joules??null)),ao=a=>am(a.members.map(a=>a.ownJoules));function ap(a){let b=am(a.members.map(a=>a.energy?.low??null)),c=am(a.members.map(a=>a.energy?.high??null));return null===b||null===c||c<=b?null:[b,c]}let aq=(a,b)=>null!==a&&null!==b&&b>0?a/b:null,ar=a=>aq(an(a),a.whole);function as(a){let b=function(a){let b=a.parent;for(;b&&!b.node;)b=b.parent;return b}(a);return b&&aq(an(a),an(b))}let at=a=>a.members[0]?.energy?.source??null,au=["order","energy"],av=a=>(a.children.length?a.ownJoules:a.energy?.joules)??0,aw=new WeakMap;function ax(a){let b=aw.get(a);return void 0===b&&(b=`${a.path}
${a.className}
${a.primitive??""}`.toLowerCase(),aw.set(a,b)),b}class ay extends al{top;#j=new Map;#k=new Map;#l=new af;constructor(a,b=!1){super(b);let c=[];a.root&&(this.#m(a.root,0),c.push(this.entry([a.root],null,a.root.energy?.joules??0))),a.notRun.forEach((a,b)=>this.#m(a,b+1)),a.notRun.length&&c.push({key:"not run",node:null,members:a.notRun,label:"Built but not run",detail:"not in the total",whole:0}),this.top=this.rows(c,null)}find(a){return this.#j.get(a)??null}alike(a){let b=this.#k.get(a);return this.#l.alike(a).filter(a=>this.#k.get(a)===b)}pathOf(a){return a.path}weightOf(a){return an(a)}textOf(a){return ax(a)}repeats(a,b,c){return this.#l.repeats(a,b,c.path)}isClose(a,b){return ae(a,b)}ownOf(a){return av(a)}words(a,b){let c=a[0];if(a.length>1)return{label:`${a.length} \xd7 ${c.className}`,detail:ac(a.map(a=>ab(a,b?.path??null)))};let d=ab(c,b?.path??null),e=d!==c.className?c.className:"ml"===c.type?"":c.type;return{label:d,detail:e}}entry(a,b,c){let d=b||0===this.#k.get(a[0]);return super.entry(a,b,d?c:a[0]?.energy?.joules??0)}#m(a,b){this.index(a,null,a=>`${b} ${a.path}`);let c=a=>{this.#k.set(a,b),this.#j.has(a.path)||this.#j.set(a.path,a),a.children.forEach(c),this.#l.add(a)};c(a)}}let az=["order","difference"],aA={joules:0,low:0,high:0,source:""};function aB(a,b){let c=0;for(let{[b]:d}of a.members){if(d&&!d.energy)return null;c+=d?.energy?.joules??0}return c}function aC(a){let[b,c]=[aB(a,"before"),aB(a,"after")];return null===b||null===c?null:c-b}function aD(a){let b=aC(a),c=aB(a,"before")??0;return null!==b&&c>0?b/c:null}function aE({before:a,after:b}){let[c,d]=[a,b].map(a=>a?a.energy:aA);return!c||!d||[a,b].some(a=>a&&(({energy:a,flags:b})=>a?.source==="estimated"||b.some(a=>S.includes(T(a))))(a))?null:c.high<d.low||d.high<c.low}function aF(a){let{before:b,after:c}=a;if(!b)return"only after";if(!c)return"only before";if(!b.energy||!c.energy)return"unknown";let[d,e]=[b.energy.joules,c.energy.joules];if(Math.abs(e-d)<=1e-9*Math.max(d,e))return"no difference";let f=aE(a);return null===f?"no verdict":f?"significant":"within intervals"}let aG=a=>aC({members:[a]}),aH=({before:a,after:b})=>[a,b].filter(a=>null!==a);class aI extends al{top;root;extremes;#l=new af;#n=new Map;#o=new Map;constructor(a,b,c=!1){super(c),this.root=a&&b&&a.className===ag!=(b.className===ag)?ai(ah(a),ah(b)):ai(a,b),this.index(this.root,null,a=>JSON.stringify([a.before?.path,a.after?.path]));let d=a=>{for(let b of(a.before&&this.#n.set(a.before.path,a),a.after&&this.#o.set(a.after.path,a),a.children.forEach(d),aH(a)))this.#l.add(b)};d(this.root);let e=a?.energy?.joules??0;this.top=this.rows([this.entry([this.root],null,e)],null);let f=[0],g=a=>{f.push(aC(a)??0),this.childrenOf(a).forEach(g)};this.top.forEach(g),this.extremes=[f.reduce((a,b)=>Math.min(a,b)),f.reduce((a,b)=>Math.max(a,b))]}find(a){return a?this.#o.get(a)??this.#n.get(a)??null:this.root}pathOf({before:a,after:b}){return(b??a)?.path??""}weightOf(a){let b=aC(a);return null===b?null:Math.abs(b)}textOf(a){return aH(a).map(ax).join("\n")}repeats(a,b,c){return["before","after"].every(d=>{let[e,f]=[a[d],b[d]];return e&&f?this.#l.repeats(e,f,c[d]?.path??""):e===f})}isClose(a,b){let c=(a,b)=>a&&b?ae(a,b):a===b;return c(a.before,b.before)&&c(a.after,b.after)&&function a(b,c){let d=aF(b);if(d!==aF(c))return!1;let e=a=>(aG(a)??0)>0;return("significant"!==d||e(b)===e(c))&&b.children.every((b,d)=>a(b,c.children[d]))}(a,b)}ownOf(a){let{before:b,after:c}=a;if(!b||!c)return aG(a)??0;if(!b.energy||!c.energy)return 0;let d=av(c)-av(b);return Math.abs(d)>1e-9*Math.max(b.energy.joules,c.energy.joules)?d:0}partsOf(a){return a.before&&a.after?super.partsOf(a):[]}words(a,b){let c=a[0],d=a=>["before","after"].flatMap(c=>{let d=a[c];return d?[ab(d,b?.[c]?.path??null)]:[]}),e=aJ(aH(c).map(a=>a.className));if(a.length>1){let b=ac(a.map(a=>d(a)[0]??""));return{label:`${a.length} \xd7 ${e}`,detail:b}}let f=aJ(d(c));return{label:f,detail:e===f?"":e}}}let aJ=a=>[...new Set(a)].join(" → "),aK=([a,b])=>a===b?a.toLocaleString("en"):`${a.toLocaleString("en")}–${b.toLocaleString("en")}`,aL=a=>[...a.said.flags,...[...new Set(a.notes)].map(a=>["⚠",a])];function aM(a){if(!a.length)return null;let b=Y("ul","notes",{"aria-label":"Warnings"});for(let[c,d]of a){let a=Y("span","sign",{"aria-hidden":"true"},`${c} `);b.append(Y("li","note",{},a,$(d,"")))}return b}let aN=new WeakMap,aO=a=>aN.get(a);function aP(a){let b=M(a),c=new Map,d=[R(b.root)];for(;d.length;){let a=d.pop();if(!L(a))continue;let b=Q(M(a.energy).joules);null!==b&&c.set(O(a.path),b),d.push(...N(a.children))}let e={phase:O(b.phase),model:O(b.model),calls:((a,b=0)=>Q(a)??b)(b.calls,1),tokens:((a,b=0)=>Q(a)??b)(b.tokens),seconds:Q(b.seconds),joules:((a,b=0)=>Q(a)??b)(b.joules),joulesAt:c};return aN.set(e,b.root),e}function aQ(a){let b=M(a);return{name:O(b.name),kind:O(b.kind),seconds:Q(b.seconds),joules:Q(b.joules),basis:O(b.basis)}}let aR=a=>null===a?"–":B(a,"J",0),aS=a=>null===a?"–":w(a,"s",x),aT=(a,b)=>b.length?{columns:a,rows:b,legend:""}:null;class aU extends Error{}function aV(a){return N(a).map(a=>{let b=N(a).map(a=>((a,b=0)=>Q(a)??b)(a));return b.length?b.join(" \xd7 "):"scalar"})}let aW={numParameters:0,flops:0,bytes:0,calls:1,inputShapes:[],outputShapes:[],dtype:null,device:null,latencySeconds:null,predictedSeconds:null,waitingSeconds:null,operation:null,resources:[]};function aX(a,b,c){let d=new Map;return N(a).map((a,e)=>{if(!L(a))throw new aU("a node is not an object");let f="string"==typeof a.like?d.get(a.like):b?.[e],g=c(a,f??null),h=O(a.path);return d.has(h)||d.set(h,g),g})}function aY(a){let b=R(a);if(!L(b))throw new aU("a tree is neither an object nor JSON of one");return function a(b,c,d){var e,f;let g,h;if(c>256)throw new aU("the tree is deeper than 256 levels");let i=L(b.energy)?b.energy:null,j=((a,b=0)=>Q(a)??b)(i?.joules),k=i&&{joules:j,low:((a,b=0)=>Q(a)??b)(i.low,j),high:((a,b=0)=>Q(a)??b)(i.high,j),source:O(i.source)},l=aX(b.children,d?.children,(b,d)=>a(b,c+1,d));return{path:O(b.path),type:O(b.type)||(d?.type??""),className:O(b.class_name)||(d?.className??""),primitive:(O(b.primitive)||null)??d?.primitive??null,energy:k,ownJoules:function(a,b,c){if(!b)return null;let d=c.reduce((a,b)=>a+(b.energy?.joules??0),0),e=((a,b=0)=>Q(a)??b)(a.own_joules,b.joules-d);return e<1e-9*b.joules?0:e}(b,k,l),features:(e=b.features,f=d?.features??aW,g=M(e),h=(a,b)=>a in g?aV(g[a]):b,{numParameters:((a,b=0)=>Q(a)??b)(g.num_parameters,f.numParameters),flops:((a,b=0)=>Q(a)??b)(g.flops,f.flops),bytes:((a,b=0)=>Q(a)??b)(g.bytes,f.bytes),calls:((a,b=0)=>Q(a)??b)(g.calls,f.calls),inputShapes:h("input_shapes",f.inputShapes),outputShapes:h("output_shapes",f.outputShapes),dtype:(O(g.dtype)||null)??f.dtype,device:(O(g.device)||null)??f.device,latencySeconds:Q(g.latency_seconds)??f.latencySeconds,predictedSeconds:Q(g.predicted_seconds)??f.predictedSeconds,waitingSeconds:Q(g.waiting_seconds)??f.waitingSeconds,operation:(O(g.operation)||null)??f.operation,resources:L(g.resources)?Object.entries(g.resources).map(([a,b])=>[a,((a,b=0)=>Q(a)??b)(b)]):f.resources}),flags:"flags"in b?P(b.flags):d?.flags??[],children:l}}(b,0,null)}function aZ(a){let[b,c]=N(a).map(Q);return null==b||null==c?null:[b,c]}function a$(a){let b=M(a);return{label:O(b.label),level:((a,b=0)=>Q(a)??b)(b.level),calls:((a,b=0)=>Q(a)??b)(b.calls,1),batchSize:aZ(b.batch_size),seqLen:aZ(b.seq_len),sizes:((a,b=0)=>Q(a)??b)(b.sizes,1),shape:Array.isArray(b.shape)?aV([b.shape])[0]??null:null,tokens:((a,b=0)=>Q(a)??b)(b.tokens),seconds:Q(b.seconds),joules:Q(b.joules)}}function a_(a){var b,c,d;let e,f,g;if(!L(a)||"irene.energy"!==a.kind)throw new aU("this is not an energy report");if(1!==a.schema_version)throw new aU(`the report has schema version ${String(a.schema_version)}, this view reads version 1; update irene-jupyter`);let h=M(a.device),i={mode:O(a.mode),created:O(a.created),root:null==a.root?null:aY(a.root),notRun:N(a.not_run).map(aY),runRows:"run_rows"in a?N(a.run_rows).map(a$):N(a.runs).slice(0,6).map(a=>{let b=M(a),c="run"===b.status?"":O(b.status).replaceAll("_"," ");return a$({...b,label:[O(b.model),O(b.phase),c].filter(Boolean).join(", "),batch_size:[b.batch_size,b.batch_size],seq_len:[b.seq_len,b.seq_len]})}),phases:N(a.phases).map(aP),device:{label:O(h.label)||O(h.name)||"an unnamed device",kind:O(h.kind)},...(e=L(a.measured)?a.measured:null,{parts:N(a.parts).map(aQ),measured:e&&{joules:Q(e.joules),scope:O(e.scope)},hasMore:[e,a.observer,a.resources].some(a=>null!=a)}),notes:P(a.notes)},j=(b=a.said,c=i.root?.energy??null,d=h.label,L(f=R(b))&&f.joules===(c?.joules??null)&&f.source===(c?.source??null)&&U([f.title,f.provenance,f.interval,f.elsewhere??""])&&U([f.training??"",f.training_short??""])&&O(f.provenance).includes(O(d))&&V(f.flags,2)&&X(f.phases)&&X(f.parts)&&U(f.lines)&&(void 0===(g=f.work)||L(g)&&W(g.queries)&&W(g.tokens))?f:null);return{...i,said:j??function(a){var b;let c,d,{root:e,notRun:f,phases:g,parts:h}=a;return{title:e?`${e.className}: ${aR(e.energy?.joules??null)}`:"No PyTorch model was built or run in this cell.",provenance:function({device:{label:a,kind:b},measured:c,root:d}){let e=d?.energy?.source;if(c?.joules!=null&&d)return`${"measured"===e?"Measured":"Part of what was measured"} on this machine (${c.scope}), divided as predicted for ${a}`;if("estimated"===b)return`Estimated for ${a}, by its load and the times measured here`;if("measured"===e)return`Measured on ${a}`;if("replayed"===e)return`Measured on repeated runs on ${a}`;if("simulated"===e)return`Simulated for ${a}: a meter that is not hardware had a part in it`;let f="estimated"===e,g=f?"Estimated":"Predicted";return"calibrated"!==b?`${g} for ${a} (reference device), not this machine`:`${g} for ${a} (calibrated device)${f?": no profile fits, the interval is wide":""}`}(a),interval:"90 % interval",flags:(b=e?[e,...f]:f,c=new Map,d=a=>{for(let b of a.flags){let d=T(b),e=c.get(d)??{nodes:new Set,reasons:new Set};c.set(d,e),e.nodes.add(a),e.reasons.add(b.slice(d.length+1).trim())}a.children.forEach(d)},b.forEach(d),[...c].map(([a,{nodes:b,reasons:c}])=>{let d=[...c].filter(Boolean).slice(0,3).join("; "),e=`${b.size.toLocaleString("en")} node${1===b.size?"":"s"}`;return["⚠",`${a} (${e})${d&&`: ${d}`}`]})),phases:aT(["phase","calls","tokens","time here","energy"],g.map(({model:a,phase:b,calls:c,tokens:d,seconds:e,joules:f})=>[`${a} ${b}`,c.toLocaleString("en"),d.toLocaleString("en"),aS(e),aR(f)])),parts:aT(["part of the cell","time here","energy"],h.map(({name:a,seconds:b,joules:c,basis:d})=>[a,aS(b),null===c?"not measured":aR(c)+(["predicted","timed"].includes(d)?" predicted":"")])),lines:a.hasMore?["What counters and samplers found is not shown here: irene.load_report() tells it."]:[]}}(i)}}let a0=a=>[...new Set(a.phases.map(({phase:a})=>a))],a1=["forward","backward","optimiser"];function a2(a,b){let c=b.phases.filter(b=>b.phase===a);return({path:a,children:b})=>{for(let{joulesAt:b}of c){let c=b.get(a);if(void 0!==c)return c}return!a&&b.length&&c.length?c.reduce((a,{joules:b})=>a+b,0):null}}let a3=["path","depth","type","class_name","primitive","calls","joules","low","high","source","share_of_root","share_of_parent","own_joules","flops","bytes","num_parameters","latency_seconds","predicted_seconds","waiting_seconds","flags"];function a4(a){if(null===a)return"";if("string"!=typeof a)return String(a);let b=/^[=+\-@\t\r]/.test(a)?`'${a}`:a;return/[",\r\n]/.test(b)?`"${b.replaceAll('"','""')}"`:b}let a5=a=>a.map(a=>`${a.map(a4).join(",")}\r
`).join(""),a6=a=>a.map(a=>a.replace(/[\t\r\n]+/g," ")).join("	");function a7(a){let b=a.node&&a.node.path||a.label,c=an(a);return a6([b,a.node?a.node.className:a.detail,A(ar(a)),null===c?"unknown":`${c} J`,`${A(as(a))} of parent`,at(a)??""])}let a8=a=>a.root?.className??a.notRun[0]?.className??"";async function a9(a){try{return await navigator.clipboard.writeText(a),!0}catch{let b=document.createElement("textarea");b.value=a;let c=document.activeElement;document.body.append(b),b.select();let d=document.execCommand("copy");return b.remove(),c instanceof HTMLElement&&c.focus({preventScroll:!0}),d}}let ba=a=>[["name","Name","Module or primitive, and its class"],["share","Share","Share of the total; the solid part of the bar is the node's own energy"],["energy","Energy","Energy of the node and all below it"],["of-parent","Of parent","Share of the module that it is a part of"],["own","Own","Energy that no child explains"],["range",a,"Bounds of the energy"],["source","Source","Where the number comes from"]];function bb(a){let b=Y("div","heading",{role:"row"});for(let[c,d,e]of a)b.append(Y("div",c,{role:"columnheader",title:e},d));return b}let bc=(a,...b)=>Y("div",a,{role:"gridcell"},...b);function bd(a,b){if(!a.length)return"";let c=b(Math.min(...a)),d=b(Math.max(...a));return c===d?`${c} each`:`${c} to ${d} each`}function be(a,b,c,d){let e,f,g=bc("name",Y("span","twisty",{"aria-hidden":"true"}));return g.append($(a,"label")),b&&g.append($(b,"class")),g.append(...(f=(e=[...new Set(c.map(T))]).slice(0,2).map(a=>{let b=_(a.replaceAll("_"," "));return Y("span","mark",{"data-code":_(a)},b)}),e.length>2&&f.push(Y("span","mark",{},`+${e.length-2}`)),f)),g.title=_(d),g}function bf(a,b){let c=a.members.flatMap(a=>a.energy?[a.energy.joules]:[]),d=a.node||ak(a)?a.detail:`${bd(c,c=>B(c,b,a.whole))} \xb7 ${a.detail}`,e=a.members.flatMap(a=>a.flags),f=a.node?`${a.node.path||a.label} (${a.detail})`:d;return be(a.label,d,e,f)}let bg={significant:"The intervals do not overlap","within intervals":"The intervals overlap: it may be chance","no difference":"Both take the same","no verdict":"One of them is estimated or extrapolated: its interval was not tested","only before":"Not in the second report","only after":"Not in the first report",unknown:"One of the energies is unknown"};function bh(a,b){let[c,d]=b.map(a=>a.slice(0,24));return"only before"===a?`only ${c}`:"only after"===a?`only ${d}`:a}function bi(a,b){return Y("span","verdict-badge",{"data-verdict":a,title:bg[a]},$(bh(a,b),""))}let bj=a=>a.members[0];function bk(a,b,c){return bj(a)[b]?B(aB(a,b),c,a.whole):""}let bl=["path","path_after","depth","type","class_name","class_name_after",...["before","after"].flatMap(a=>["joules","low","high","source"].map(b=>`${b}_${a}`)),"difference_joules","difference_percent","is_significant","own_difference_joules"],bm=a=>{let[b,c]=a.map(({said:{work:a}})=>a);return b?.queries===c?.queries&&b?.tokens===c?.tokens};function bn({said:{work:a}}){if(!a?.queries)return"an unknown number of queries";let b=`${a.queries.toLocaleString("en")} ${1===a.queries?"query":"queries"}`;return a.tokens?`${b} (${a.tokens.toLocaleString("en")} tokens)`:b}class bo{#p="";#q=0;find(a,b,c){let d=Date.now(),e=d-this.#q>600;this.#q=d,this.#p=e||this.#p===a?a:this.#p+a;let f=+(1===this.#p.length);for(let a=0;a<b.length;a++){let d=(c+f+a)%b.length,e=b[d]?.toLowerCase()??"",g=e.slice(e.lastIndexOf(".")+1);if(e.startsWith(this.#p)||g.startsWith(this.#p))return d}return -1}}let bp=a=>!a.ctrlKey&&!a.metaKey&&!a.altKey&&"Escape"!==a.key&&!(a.shiftKey&&"Enter"===a.key);class bq{#r;#p=new bo;constructor(a){this.#r=a}act(a,b){let c=this.#r;switch(b){case"ArrowDown":return c.focus(c.beside(a,1)),!0;case"ArrowUp":return c.focus(c.beside(a,-1)),!0;case"ArrowRight":return a.expanded?c.focus(c.firstChildOf(a)):c.expand(a),!0;case"ArrowLeft":return a.expanded?c.collapse(a):c.focus(a.parent),!0;case"Home":return c.focus(c.shown[0]),!0;case"End":return c.focus(c.shown.at(-1)),!0;case"PageDown":return this.#s(a,c.page),!0;case"PageUp":return this.#s(a,-c.page),!0;case"Enter":return c.isSelected(a)?c.toggle(a):c.choose(a),!0;case" ":return c.choose(a),!0;case"*":for(let b of c.siblingsOf(a))c.expand(b);return!0;default:return 1===b.length&&this.#t(a,b.toLowerCase())}}#s(a,b){let{shown:c}=this.#r,d=this.#r.placeOf(a)+b;this.#r.focus(c[Math.min(c.length-1,Math.max(0,d))])}#t(a,b){let{shown:c}=this.#r,d=c.map(a=>a.label);return this.#r.focus(c[this.#p.find(b,d,this.#r.placeOf(a))]),!0}}class br{body=Y("div","body",{role:"rowgroup"});#u;#v;#w=new WeakMap;#x=[];#y=new Map;#z=new Map;#A=null;constructor(a,b){this.#u=a,this.#v=b,a.addEventListener("scroll",()=>this.#B(),{passive:!0})}get shown(){return this.#x}get page(){return Math.max(1,Math.floor(this.#u.clientHeight/26)-2)}placeOf(a){return(a&&this.#y.get(a.key))??-1}rowOf(a){return(a&&this.#z.get(a.key))??null}itemAt(a){let b=a?.closest(".irene-row");return(b&&this.#w.get(b))??null}place(a){this.#x=a,this.#y=new Map(a.map((a,b)=>[a.key,b])),this.body.style.setProperty("--rows",String(a.length)),this.#B()}show(a){let b=new Set(this.#z.values());for(let[c,d]of(this.place(a),this.#z)){let a=this.#x[this.#y.get(c)??-1];a&&b.has(d)&&this.#C(d,a)}}keep(a){this.#A=a,this.rowOf(a)||this.#B()}scrollTo(a,b){let c=this.placeOf(a);if(c<0)return;let d=26*c,{scrollTop:e,clientHeight:f}=this.#u,g=d+26+b;d<e?this.#u.scrollTop=d:g>e+f&&(this.#u.scrollTop=g-f),this.#B()}#C(a,b){this.#v(a,b),this.#w.set(a,b)}#D(){let a=this.#x.length;if(a<=300)return[0,a];let{scrollTop:b,clientHeight:c}=this.#u;return[Math.max(0,Math.min(Math.floor(b/26)-30,a-1)),Math.min(a,Math.ceil((b+Math.max(600,c))/26)+30)]}#B(){let[a,b]=this.#D(),c=this.#x.slice(a,b),d=this.placeOf(this.#A),e=this.#x[d];e&&d<a?c.unshift(e):e&&d>=b&&c.push(e);let f=this.#z;for(let a of(this.#z=new Map,c)){let b=f.get(a.key)??Y("div","row",{role:"row",tabindex:"-1"});f.delete(a.key)||this.#C(b,a),this.#z.set(a.key,b);let c=this.placeOf(a);b.style.setProperty("--place",String(c)),b.setAttribute("aria-rowindex",String(c+2))}for(let a of f.values())a.remove();let g=this.body.firstElementChild;for(let a of this.#z.values())a===g?g=a.nextElementSibling:this.body.insertBefore(a,g)}}class bs{element;#E;#F;#r;#z;#f=new bq(this);#G;#H=null;constructor(a,b,c,d){this.#G=c,this.#E=d,this.#F=b,b.setAttribute("aria-rowindex","1"),this.element=Y("div","scroll"),this.#z=new br(this.element,(a,b)=>this.#v(a,b));let{body:e}=this.#z;this.#r=Y("div","grid",{role:"treegrid","aria-label":a},Y("div","",{role:"rowgroup"},b),e),this.element.append(this.#r),e.addEventListener("click",a=>this.#I(a)),e.addEventListener("dblclick",a=>this.#J(a)),e.addEventListener("keydown",a=>this.#K(a)),e.addEventListener("focusin",a=>{let b=this.#L(a);b&&this.#M(b)})}get current(){return this.#H}get shown(){return this.#z.shown}get page(){return this.#z.page}placeOf(a){return this.#z.placeOf(a)}siblingsOf(a){return a.parent?this.#G.childrenOf(a.parent):this.#G.top}firstChildOf(a){return this.#G.childrenOf(a)[0]}beside(a,b){return this.shown[this.placeOf(a)+b]??null}isSelected(a){return this.#E.isSelected(a)}choose(a){null===this.isSelected(a)?this.toggle(a):this.#E.choose(a)}show(a){this.#G=a,this.draw()}draw(){this.#N(()=>this.#z.show(this.#O(this.#G.top)))}mark(a){let b=this.#z.rowOf(a);a&&b&&this.#P(b,a)}expand(a){!a.expanded&&this.#G.hasChildren(a)&&(a.expanded=!0,this.#Q(a,0,this.#O(this.#G.childrenOf(a))))}collapse(a){if(!a.expanded)return;a.expanded=!1;let{shown:b}=this,c=this.placeOf(a)+1,d=c;for(;(b[d]?.level??0)>a.level;)d++;this.#Q(a,d-c,[])}toggle(a){a.expanded?this.collapse(a):this.expand(a)}focus(a){if(!a)return;this.moveTo(a);let b=this.#z.rowOf(a);b?.focus({preventScroll:!0}),b?.scrollIntoView({block:"nearest",inline:"nearest"})}moveTo(a){this.#M(a),this.#z.scrollTo(a,this.#F.offsetHeight)}#O(a){let b=[],c=a=>{for(let d of a)b.push(d),d.expanded&&c(this.#G.childrenOf(d))};return c(a),b}#Q(a,b,c){let d=this.placeOf(a);if(d<0)return;this.#z.rowOf(a)?.setAttribute("aria-expanded",String(a.expanded));let{shown:e}=this;this.#N(()=>this.#z.place([...e.slice(0,d+1),...c,...e.slice(d+1+b)]))}#N(a){let{body:b}=this.#z,c=b.contains(document.activeElement);a(),this.#r.setAttribute("aria-rowcount",String(this.shown.length+1));let d=this.#H;for(;d&&0>this.placeOf(d);)d=d.parent;let e=d?this.placeOf(d):0,f=this.shown[e];f&&this.#M(f),c&&!b.contains(document.activeElement)&&this.#z.rowOf(this.#H)?.focus({preventScroll:!0})}#v(a,b){let c=this.siblingsOf(b);a.tabIndex=b.key===this.#H?.key?0:-1,a.setAttribute("aria-level",String(b.level)),a.setAttribute("aria-posinset",String(c.indexOf(b)+1)),a.setAttribute("aria-setsize",String(c.length)),a.style.setProperty("--level",String(b.level-1)),this.#G.hasChildren(b)?a.setAttribute("aria-expanded",String(b.expanded)):a.removeAttribute("aria-expanded"),this.#P(a,b),a.replaceChildren(...this.#E.cells(b,a))}#P(a,b){let c=this.#E.isSelected(b);null===c?a.removeAttribute("aria-selected"):a.setAttribute("aria-selected",String(c))}#M(a){let b=this.#z.rowOf(this.#H);b&&(b.tabIndex=-1),this.#H=a,this.#z.keep(a);let c=this.#z.rowOf(a);c&&(c.tabIndex=0)}#L(a){return this.#z.itemAt(a.target)}#I(a){let b=this.#L(a);b&&(this.focus(b),a.target.closest(".irene-twisty")?this.toggle(b):this.choose(b))}#J(a){let b=this.#L(a);b&&null!==this.isSelected(b)&&(a.target.closest(".irene-twisty")||this.toggle(b))}#K(a){let b=this.#L(a);if(!b)return;let c=(a.ctrlKey||a.metaKey)&&/^(Home|End)$/.test(a.key);(this.#E.key?.(b,a)||(bp(a)||c)&&this.#f.act(b,a.key))&&a.preventDefault()}}let bt=["tree","icicle"],bu=[1,2,3,4];function bv(a,b,c){let d=Y("button","button",{type:"button",title:b},a);return d.addEventListener("click",c),d}function bw(a,b,c){let d=Y("select","select",{"data-menu":a.toLowerCase()});for(let a of b)d.append(Y("option","",{value:a},a));return d.addEventListener("change",()=>{let a=b.find(a=>a===d.value);a&&c(a)}),{element:Y("label","menu",{},`${a} `,d),select:d}}class bx{element=Y("div","toolbar",{role:"group","aria-label":"View"});search;status=Y("p","status",{role:"status"});#R=Y("div","segments",{role:"group","aria-label":"Open levels"});#S;#T;#U=Y("div","segments",{role:"group","aria-label":"Phase",hidden:""});#V;#W;#X=new Map;#E;constructor(a,b){this.#E=b;let c=bv(a.follow,a.followTitle,()=>b.follow());for(let[a,d,e]of(c.classList.add("irene-primary"),this.search=this.#Y(),this.#T=Y("div","segments",{role:"group","aria-label":"Matches",hidden:""}),[[-1,"‹","Previous match (Shift+F3)"],[1,"›","Next match (F3)"]])){let c=bv(d,e,()=>b.step(a));c.ariaLabel=a>0?"Next match":"Previous match",this.#T.append(c)}let d=bw("Sort",a.sorts,c=>b.sort(c!==a.sorts[0])),e=bw("Unit",t,a=>b.unit(a));this.#W=d.select,this.#V=e.select;let f=Y("span","toolbar-label",{"aria-hidden":"true"},"Levels");this.#S=Y("div","tools",{},f,this.#R);let g=Y("div","tools",{},d.element,e.element);b.view&&g.append(this.#Z(a=>b.view?.(a)));let h=Y("div","tools",{},this.search,this.#T);this.element.append(this.#U,c,h,this.#S,Y("span","spring"),g)}show(a){let b=a.view??"tree";for(let[c,d]of(this.#V.value=a.unit,this.#S.hidden="icicle"===b,this.#W.disabled="icicle"===b,this.#X))d.setAttribute("aria-pressed",String(c===b));this.#$(a.height),this.#_(a.phases)}showSteps(a){this.#T.hidden=a<2}tell(a){this.status.textContent!==a&&(this.status.textContent=a)}#$(a){if(this.#R.dataset.height===String(a))return;this.#R.dataset.height=String(a);let b=(a,b,c)=>bv(a,b,()=>this.#E.depth(c));this.#R.replaceChildren(b("None","Close every row",0),...bu.filter(b=>b<a-1).map(a=>b(String(a),`Open ${a} level${1===a?"":"s"}`,a)),b("All","Open every row",a))}#_(a){let b=a?.names??[];this.#U.hidden=b.length<2;let c=[[null,a?.whole??""],...b.map(a=>[a,_(a)])],d=JSON.stringify(c);this.#U.dataset.phases!==d&&(this.#U.dataset.phases=d,this.#U.replaceChildren(...c.map(([a,b])=>bv(b.charAt(0).toUpperCase()+b.slice(1),null===a?"All phases together, each in a column":`The tree of ${b} alone`,()=>this.#E.phase?.(a))))),[...this.#U.children].forEach((b,d)=>{b.setAttribute("aria-pressed",String(c[d]?.[0]===(a?.shown??null)))})}#Z(a){let b=Y("div","segments",{role:"group","aria-label":"Drawn as"});for(let c of bt){let d=bv("tree"===c?"Tree":"Icicle","tree"===c?"A table of rows that open":"Boxes as wide as their energy",()=>a(c));this.#X.set(c,d),b.append(d)}return b}#Y(){let a=Y("input","search",{type:"search",placeholder:"Search","aria-label":"Search modules by path or class",maxlength:"200",spellcheck:"false",autocomplete:"off"});return a.addEventListener("input",()=>this.#E.search(a.value)),a.addEventListener("keydown",b=>{"Enter"===b.key||"ArrowDown"===b.key?(b.preventDefault(),this.#E.toMatches()):"F3"===b.key&&a.value?(b.preventDefault(),this.#E.step(b.shiftKey?-1:1)):"Escape"===b.key&&a.value&&(b.preventDefault(),b.stopPropagation(),a.value="",this.#E.search(""))}),a}}class by{grid;toolbar;#E;#aa;#ab;#h=!1;#ac;#ad="";#ae=null;constructor(a,b,c){this.#E=b,this.#aa=a,this.#ab=a.height(),a.expandTo(c.expandedDepth??2);let d=this.#af(c.selected??"");for(let a of d.slice(0,-1))a.expanded=!0;this.#ac=d.at(-1)??null,this.grid=new bs(b.label,b.heading,a,{cells:(a,c)=>(c.toggleAttribute("data-match",this.#ae?.isHit(a)??!1),b.cells(a,c)),isSelected:a=>a.node?a.key===this.#ac?.key:null,choose:a=>this.choose(a),key:(a,b)=>this.#K(a,b)}),this.toolbar=new bx(b.words,{follow:()=>this.#ag(),search:a=>this.#ah(a),toMatches:()=>this.#ai(),step:a=>this.#aj(a),depth:a=>{this.setDepth(a),b.depth(a)},sort:a=>{this.#h=a,this.#aa.sort(a),this.draw()},unit:a=>b.unit(a),...b.phase&&{phase:a=>b.phase?.(a)},...b.view&&{view:a=>b.view?.(a)}})}get selected(){return this.#ac}get isByWeight(){return this.#h}take(a){let b=this.#ac?.node,c=b?this.#aa.pathOf(b):"";a.expandAs(this.#aa),this.#aa=a,this.#ab=a.height(),this.#ac=this.#af(c).at(-1)??this.#af("").at(-1)??null}showTools(a){this.toolbar.show({...a,height:this.#ab})}draw(){let a=this.#ad?function(a,b){let c=b.toLowerCase().split(/\s+/).filter(Boolean),d=0,e=[];for(let b of a.nodes()){let f=a.textOf(b);c.every(a=>f.includes(a))&&++d<=200&&e.push(a.chain(b))}let f=new Map,g=[];for(let a of e){let b=null;for(let c of a){let a=f.get(c);!a&&(a={...c,parent:b,expanded:!1,children:null},f.set(c,a),b?(b.children??=[]).push(a):g.push(a),b&&(b.expanded=!0)),b=a}}for(let b of f.values())b.children&&a.sorted(b.children);let h=new Set(e.map(a=>f.get(a.at(-1)))),i=[],j=a=>{h.has(a)&&i.push(a),a.expanded&&a.children?.forEach(j)};return g.forEach(j),{matches:d,hits:i,isHit:a=>h.has(a),top:g,childrenOf:b=>a.childrenOf(b),hasChildren:b=>ak(b)||a.hasChildren(b)}}(this.#aa,this.#ad):null;if(this.#ae=a,this.grid.show(a??this.#aa),this.toolbar.showSteps(a?.hits.length??0),!a)return;let{matches:b}=a,c=b.toLocaleString("en");this.toolbar.tell(b>200?`${c} nodes match; the first 200 are shown`:`${c} node${1===b?"":"s"} match${1===b?"es":""}`)}select(a){let b=this.#ac?.node;if(b&&this.#aa.pathOf(b)===a)return!0;this.#ad&&this.#ak();let c=this.reveal(a);return!!c&&(this.#al(c),this.grid.moveTo(c),!0)}reveal(a){let b=this.#aa.find(a);return b&&this.#am(b)}revealSelected(){let a=this.#ac?.node;a&&(this.#ac=this.#am(a),this.#ac&&this.grid.moveTo(this.#ac))}setDepth(a){this.#ad&&this.#ak(),this.#aa.expandTo(a),this.grid.draw()}choose(a){a.node&&a.key!==this.#ac?.key&&(this.#al(a),this.#E.chosen(this.#aa.pathOf(a.node)))}rowOf(a){return this.#aa.chain(a).at(-1)??null}copy(a){a9(this.#E.rowText(a)).then(a=>this.toolbar.tell(a?"The row is on the clipboard":"The browser does not let us copy"))}#af(a){let b=this.#aa.find(a);return b?this.#aa.chain(b):[]}#am(a){let b=this.#aa.chain(a);for(let a of b.slice(0,-1))this.grid.expand(a);return this.#E.revealed?.(a),b.at(-1)??null}#al(a){let b=this.#ac;this.#ac=a,this.grid.mark(b),this.grid.mark(a),this.#E.marked()}#ag(){let a=this.#aa.foremost();this.#ad&&this.#ak();let b=a&&this.#am(a.node);b&&(this.choose(b),this.grid.focus(b)),this.toolbar.tell(this.#E.arrived(b,a?.repeated??[]))}#ah(a){a&&this.#E.searching?.(),this.#ad=a.trim(),this.#ad||this.toolbar.tell(""),this.draw(),this.#ad||this.revealSelected()}#ak(){this.toolbar.search.value="",this.#ah("")}#ai(){if(!this.#ae)return void this.grid.focus(this.grid.current);let[a]=this.#ae.hits;a&&(this.grid.focus(a),this.choose(a))}#aj(a){let b=this.#ae?.hits??[],c=b.findIndex(a=>a.key===this.#ac?.key),d=c<0&&a<0?b.length-1:(c+a+b.length)%b.length,e=b[d];if(e){for(let a=e.parent;a;a=a.parent)this.grid.expand(a);this.choose(e),this.grid.element.contains(document.activeElement)?this.grid.focus(e):this.grid.moveTo(e),this.toolbar.tell(`Match ${d+1} of ${b.length}`)}}#K(a,b){return"F3"===b.key&&this.#ae?(this.#aj(b.shiftKey?-1:1),!0):"/"!==b.key||b.ctrlKey||b.metaKey||b.altKey?!(!((b.ctrlKey||b.metaKey)&&"c"===b.key.toLowerCase())||String(getSelection()??""))&&(b.stopPropagation(),this.copy(a),!0):(this.toolbar.search.focus(),!0)}}let bz=a=>((a,b=0)=>Q(a)??b)(M(a.energy).joules),bA=a=>null==a?null:function a(b,c){let d=N(c?.children).map(M),e=aX(b.children,d,a),{like:f,...g}=b,h=e.reduce((a,b)=>a+bz(b),0);return{path:"",type:c?.type,class_name:c?.class_name,primitive:c?.primitive??null,energy:null,own_joules:L(b.energy)?Math.max(0,bz(b)-h):null,flags:c?.flags??[],...g,features:{...M(c?.features),...M(b.features)},children:e}}(M(R(a)),null);function bB(a){a.x0=Math.round(a.x0),a.y0=Math.round(a.y0),a.x1=Math.round(a.x1),a.y1=Math.round(a.y1)}function bC(a){var b=0,c=a.children,d=c&&c.length;if(d)for(;--d>=0;)b+=c[d].value;else b=1;a.value=b}function bD(a,b){a instanceof Map?(a=[void 0,a],void 0===b&&(b=bF)):void 0===b&&(b=bE);for(var c,d,e,f,g,h=new bI(a),i=[h];c=i.pop();)if((e=b(c.data))&&(g=(e=Array.from(e)).length))for(c.children=e,f=g-1;f>=0;--f)i.push(d=e[f]=new bI(e[f])),d.parent=c,d.depth=c.depth+1;return h.eachBefore(bH)}function bE(a){return a.children}function bF(a){return Array.isArray(a)?a[1]:null}function bG(a){void 0!==a.data.value&&(a.value=a.data.value),a.data=a.data.data}function bH(a){var b=0;do a.height=b;while((a=a.parent)&&a.height<++b)}function bI(a){this.data=a,this.depth=this.height=0,this.parent=null}function bJ(a,b){let c=(function(){var a=1,b=1,c=0,d=!1;function e(e){var f,g,h=e.height+1;return e.x0=e.y0=c,e.x1=a,e.y1=b/h,e.eachBefore((f=b,g=h,function(a){a.children&&function(a,b,c,d,e){for(var f,g=a.children,h=-1,i=g.length,j=a.value&&(d-b)/a.value;++h<i;)(f=g[h]).y0=c,f.y1=e,f.x0=b,f.x1=b+=f.value*j}(a,a.x0,f*(a.depth+1)/g,a.x1,f*(a.depth+2)/g);var b=a.x0,d=a.y0,e=a.x1-c,h=a.y1-c;e<b&&(b=e=(b+e)/2),h<d&&(d=h=(d+h)/2),a.x0=b,a.y0=d,a.x1=e,a.y1=h})),d&&e.eachBefore(bB),e}return e.round=function(a){return arguments.length?(d=!!a,e):d},e.size=function(c){return arguments.length?(a=+c[0],b=+c[1],e):[a,b]},e.padding=function(a){return arguments.length?(c=+a,e):c},e})()(bD(a,a=>a.children).sum(a=>{let b=a.children.reduce((a,b)=>a+(b.energy?.joules??0),0);return Math.max(0,(a.energy?.joules??0)-b)})),d=[],e=(a,f)=>{let[g,h]=(c.value??0)>0?[a.x0,a.x1]:[0,+!f];if(h-g<b)return;let i={node:a.data,parent:f,level:a.depth,left:g,right:h};for(let b of(d.push(i),a.children??[]))e(b,i)};return e(c,null),d}bI.prototype=bD.prototype={constructor:bI,count:function(){return this.eachAfter(bC)},each:function(a,b){let c=-1;for(let d of this)a.call(b,d,++c,this);return this},eachAfter:function(a,b){for(var c,d,e,f=this,g=[f],h=[],i=-1;f=g.pop();)if(h.push(f),c=f.children)for(d=0,e=c.length;d<e;++d)g.push(c[d]);for(;f=h.pop();)a.call(b,f,++i,this);return this},eachBefore:function(a,b){for(var c,d,e=this,f=[e],g=-1;e=f.pop();)if(a.call(b,e,++g,this),c=e.children)for(d=c.length-1;d>=0;--d)f.push(c[d]);return this},find:function(a,b){let c=-1;for(let d of this)if(a.call(b,d,++c,this))return d},sum:function(a){return this.eachAfter(function(b){for(var c=+a(b.data)||0,d=b.children,e=d&&d.length;--e>=0;)c+=d[e].value;b.value=c})},sort:function(a){return this.eachBefore(function(b){b.children&&b.children.sort(a)})},path:function(a){for(var b=this,c=function(a,b){if(a===b)return a;var c=a.ancestors(),d=b.ancestors(),e=null;for(a=c.pop(),b=d.pop();a===b;)e=a,a=c.pop(),b=d.pop();return e}(b,a),d=[b];b!==c;)d.push(b=b.parent);for(var e=d.length;a!==c;)d.splice(e,0,a),a=a.parent;return d},ancestors:function(){for(var a=this,b=[a];a=a.parent;)b.push(a);return b},descendants:function(){return Array.from(this)},leaves:function(){var a=[];return this.eachBefore(function(b){b.children||a.push(b)}),a},links:function(){var a=this,b=[];return a.each(function(c){c!==a&&b.push({source:c.parent,target:c})}),b},copy:function(){return bD(this).eachBefore(bG)},[Symbol.iterator]:function*(){var a,b,c,d,e=this,f=[e];do for(a=f.reverse(),f=[];e=a.pop();)if(yield e,b=e.children)for(c=0,d=b.length;c<d;++c)f.push(b[c]);while(f.length)}};let bK=a=>a.reduce((a,b)=>Math.max(a,b.level+1),0),bL=[[255,245,235],[254,230,206],[253,208,162],[253,174,107],[253,141,60],[241,105,19],[217,72,1],[166,54,3],[127,39,4]];function bM(a){let b=Math.sqrt(Math.min(1,Math.max(0,a??0)))*(bL.length-1),c=Math.min(Math.floor(b),bL.length-2),[d,e]=[bL[c],bL[c+1]],f=d.map((a,d)=>Math.round(a+(e[d]-a)*(b-c))),g=function(a){let[b,c,d]=a.map(a=>{let b=a/255;return b<=.04045?b/12.92:((b+.055)/1.055)**2.4});return .2126*b+.7152*c+.0722*d}(f);return{fill:`rgb(${f.join(", ")})`,ink:1.05/(g+.05)>(g+.05)/.05?"#ffffff":"#000000"}}let bN="http://www.w3.org/2000/svg",bO=.5/1200;function bP(a,b,c){let d=document.createElementNS(bN,a);for(let[a,c]of Object.entries(b))d.setAttribute(a,String(c));return void 0!==c&&(d.textContent=c),d}function bQ(a,b){let c=Math.floor((b-10)/6.4);return a.length<=c?a:c>=4?`${a.slice(0,c-1)}…`:""}let bR=a=>_(a).replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g," "),bS=(a,b,c,d,e,f=a.toLowerCase())=>bv(a,b,()=>{var a,b;let g,h,i;return g=d(),a=`${g.replace(/[^A-Za-z0-9_-]+/g,"_").slice(0,60)||"report"}.${f}`,b=e(),h=URL.createObjectURL(new Blob([b],{type:c})),void((i=document.createElement("a")).href=h,i.download=a,i.click(),setTimeout(()=>URL.revokeObjectURL(h),1e4))}),bT=(...a)=>Y("div","saving",{role:"group","aria-label":"Save the report"},"Save as ",...a),bU="What would help?";class bV{element=Y("div","advice",{role:"group","aria-label":bU});#an;#ao=Y("div","advice-answer",{"aria-live":"polite"});constructor(a){this.#an=bv(bU,"What would save energy here; large models take some seconds",()=>{this.#an.disabled=!0,this.#ao.replaceChildren(Y("p","hint",{},"Predicting this report again …")),a()}),this.element.append(this.#an,this.#ao)}show(a){let b=a??{};this.#an.disabled=!1,this.#ao.replaceChildren(...function(a){if(a.problem)return[Y("p","note",{},a.problem)];if(!a.title)return[];let b=[Y("p","advice-title",{},a.title)];for(let c of(a.savings?.length&&b.push(function(a,b){let c=(a,b)=>b.map(b=>Y(a,"advice-cell","th"===a?{scope:"col"}:{},b)),d=Y("tbody","");for(let a of b){let[b,...e]=c("td",a.cells);b?.append(Y("span","advice-how",{},a.how),Y("span","advice-basis",{},a.rests_on)),d.append(Y("tr","",{},...b?[b]:[],...e))}return Y("div","advice-scroll",{},Y("table","advice-table",{},Y("thead","",{},Y("tr","",{},...c("th",a))),d))}(a.heads??[],a.savings)),a.notes??[]))b.push(Y("p","hint",{},c));return b}(b)),this.#an.hidden=this.#ao.childElementCount>0&&!b.problem}}class bW{element=Y("label","menu",{hidden:""},"Device ");#ap=Y("select","select",{"data-menu":"device"});constructor(a){this.element.append(this.#ap),this.#ap.addEventListener("change",()=>a(this.#ap.value))}show(a,b){this.element.hidden=a.length<2,this.#ap.replaceChildren(...a.slice(0,200).map(([a,b])=>Y("option","",{value:a,title:b},bX(b)))),this.#ap.value=b}}let bX=a=>a.startsWith("this machine")?"this machine":a;function bY(a,{columns:b,rows:c,legend:d}){let e=Y("tr","");for(let a of b)e.append(Y("th","",{scope:"col"},a));let f=Y("tbody","");for(let a of c){let b=Y("tr","");a.forEach((a,c)=>b.append(c?Y("td","",{},a):Y("th","",{scope:"row"},$(a,"table-name")))),f.append(b)}let g=Y("table","table",{"aria-label":a},Y("thead","",{},e),f);return[Y("div","table-slot",{role:"group","aria-label":a,tabindex:"0"},g),...d?[Y("p","line",{},$(d,""))]:[]]}let bZ=1/1500;class b${element;#aq=Y("div","crumbs");#ar=Y("div","boxes",{role:"tree","aria-label":"Energy by module"});#as;#at=new WeakMap;#au=new Map;#av=null;#aw=null;constructor(a){this.#as=a,this.element=Y("div","icicle",{},this.#aq,this.#ar),this.#ar.addEventListener("click",a=>{let b=this.#ax(a);b&&(this.#ay(b.node),this.#as(b.node))}),this.#ar.addEventListener("dblclick",a=>{let b=this.#ax(a);b&&this.#az(b.node)}),this.#ar.addEventListener("keydown",a=>{let b=this.#ax(a);b&&bp(a)&&this.#aA(b,a.key)&&a.preventDefault()})}draw(a){this.#av=a;let b=this.#ar.contains(document.activeElement),c=null===this.#aw?[]:b_(a.root,this.#aw),d=c.at(-1)??a.root;d===a.root&&(this.#aw=null);let e=bJ(d,bZ);this.#aB(c),this.#au.clear();let f=e.map(b=>this.#aC(b,a));this.#ar.style.height=`${32*bK(e)}px`,this.#ar.replaceChildren(...f);let g=(a.selected&&this.#au.get(a.selected))??this.#au.get(d);g&&(g.tabIndex=0,b&&g.focus({preventScroll:!0}))}reveal(a){!this.#av||this.#au.has(a)||(this.#aw=null,this.draw(this.#av))}#aC(a,{root:b,selected:c,unit:d}){let{node:e}=a,f=b.energy?.joules??0,g=e.energy?.joules??null,h=null!==g&&f>0?g/f:null,i=ab(e,a.parent?.node.path??null),j=`${A(h)}, ${B(g,"%"===d?"J":d,f)}`,k=[...new Set(e.flags.map(T))].join(", "),l=`${_(e.path||i)}, ${_(e.className)}, ${j}`,m=Y("div","box",{role:"treeitem",tabindex:"-1","aria-level":String(a.level+1),"aria-selected":String(e===c),"aria-label":k?`${l}; ${_(k)}`:l,title:k?`${l}
⚠ ${_(k)}`:l}),{fill:n,ink:o}=bM(h),{style:p}=m;p.left=`${(100*a.left).toFixed(4)}%`,p.width=`${(100*(a.right-a.left)).toFixed(4)}%`,p.top=`${32*a.level}px`,p.background=n,p.color=o,k&&(m.dataset.flagged=""),a.right-a.left>=.03&&m.append($(k?`⚠ ${i}`:i,"box-name"));let q=A(h);return a.right-a.left>=.008*(i.length+q.length+3)&&m.append(Y("span","box-share",{},q)),this.#at.set(m,a),this.#au.set(e,m),m}#aB(a){a.length<2?this.#aq.replaceChildren(Y("span","crumb-hint",{},"Double-click or press Enter to zoom in")):this.#aq.replaceChildren(...a.map((b,c)=>{let d=ab(b,a[c-1]?.path??null),e=Y("button","crumb",{type:"button",...c===a.length-1?{"aria-current":"true"}:{}},$(d,""));return e.addEventListener("click",()=>this.#az(b)),e}))}#az(a){if(!this.#av)return;let b=!a.children.length,c=b?this.#at.get(this.#au.get(a)??this.element)?.parent:null;this.#aw=(b?c?.node:a)?.path??null,this.draw(this.#av),this.#ay(this.#au.has(a)?a:null)}#ax(a){let b=a.target?.closest(".irene-box");return(b&&this.#at.get(b))??null}#ay(a){let b=a&&this.#au.get(a);if(!b)return!1;for(let a of this.#ar.querySelectorAll('[tabindex="0"]'))a.setAttribute("tabindex","-1");return b.tabIndex=0,b.focus({preventScroll:!0}),b.scrollIntoView({block:"nearest"}),!0}#aA(a,b){let c=b=>{let c=(a.parent?.node.children??[]).filter(a=>this.#au.has(a));return c[c.indexOf(a.node)+b]};switch(b){case"ArrowDown":return this.#ay(a.node.children.find(a=>this.#au.has(a)))||!0;case"ArrowUp":return this.#ay(a.parent?.node)||!0;case"ArrowRight":return this.#ay(c(1))||!0;case"ArrowLeft":return this.#ay(c(-1))||!0;case"Home":return this.#az(this.#av?.root??a.node),!0;case"Enter":return a.node===this.#av?.selected?this.#az(a.node):this.#as(a.node),!0;case" ":return this.#as(a.node),!0;case"Backspace":{let a=(this.#av&&null!==this.#aw?b_(this.#av.root,this.#aw):[]).at(-2);return a&&this.#az(a),!0}default:return!1}}}function b_(a,b){if(a.path===b)return[a];for(let c of a.children){let d=b_(c,b);if(d.length)return[a,...d]}return[]}class b0{#aD;#aE=Y("div","head-slot");#aF=Y("div","foot-slot");#aG=Y("div","detail",{role:"group","aria-label":"Selected node"});#aH=Y("div","panes");#aa;#aI;#aJ;#aK;#F=Y("div","heading",{role:"row"});#aL;#x;#aM;#z;#aN=[];#aO;#a;#aP;constructor(a,b,c,d){var e;let f;this.#aD=d,this.#aL=b,this.#aM=c,this.#aO=d.unit??"J",this.#a=d.view??"tree",this.#aP=d.phase??"",this.#x=this.#aQ(),this.#z=new ay(this.#x),this.#aa=new by(this.#z,{label:"Energy by module",heading:this.#F,words:{follow:"Follow the energy",followTitle:"Open the path to the node that spends the most",sorts:au},cells:(a,b)=>(function(a,b,c,d=[]){let e;if(b.dataset.kind=ak(a)?"section":a.node?.type??"group",b.toggleAttribute("data-outside",a.outside),ak(a))return[bf(a,c)];let f=at(a);b.dataset.source=f??"";let g=an(a),h=ao(a),i=[bf(a,c),function(a,b,c){let d=Y("span","percent",{},A(a));if(null===a)return bc("share",d);let e=Y("span","bar",{"aria-hidden":"true"},Y("span","fill")),f=Math.min(1,a);return e.style.setProperty("--share",String(f)),e.style.setProperty("--heat-at",`${(100*Math.sqrt(f)).toFixed(1)}%`),e.style.setProperty("--own",String(c>0?Math.min(1,b/c):0)),bc("share",e,d)}(ar(a),h??0,g??0),bc("energy",B(g,c,a.whole))];return d.length&&!a.outside?[...i,...d.map(b=>am(a.members.map(b))).map(b=>bc("phase",B(b,c,a.whole)))]:[...i,bc("of-parent",A(as(a))),bc("own",!a.node||a.node.children.length?B(h,c,a.whole):""),bc("range",(e=ap(a))&&null!==g?C(...e,g,c,a.whole):"–"),bc("source",f?Y("span","badge",{"data-source":f},_(f)):null)]})(a,b,this.#aO,this.#aN),rowText:a7,arrived:(a,b)=>this.#aR(a,b),marked:()=>{"icicle"===this.#a&&this.#aS(),this.#aT()},chosen:a=>d.onSelect?.(a),depth:a=>d.onDepth?.(a),unit:a=>{a!==this.#aO&&(this.setUnit(a),d.onUnit?.(a))},phase:a=>{(a??"")!==this.#aP&&(this.setPhase(a??""),d.onPhase?.(this.#aP))},view:a=>this.#aU(a),searching:()=>this.#aU("tree"),revealed:a=>this.#aI.reveal(a)},d),this.#aI=new b$(a=>{let b=this.#aa.rowOf(a);b&&this.#aa.choose(b)}),this.#aJ=new bW(a=>d.onDevice?.(a)),this.#aJ.show(d.devices??[],d.device??""),this.#aa.toolbar.element.append(this.#aJ.element);let{onAdvice:g}=d;this.#aK=g?new bV(g):null,a.replaceChildren(this.#aE,this.#aa.toolbar.element,this.#aa.toolbar.status,this.#aH,this.#aF,...this.#aK?[this.#aK.element]:[],(e=()=>({report:this.#aL,data:this.#aM}),bT((f=(a,b,c,d,f)=>bS(a,b,c,()=>{let a;return[a8(a=e().report),a.created.replace(/:|\+.*$/g,"")].filter(Boolean).join("_")},d,f))("JSON","The whole report","application/json",()=>{let a;return JSON.stringify({...a=M(e().data),root:bA(a.root),not_run:N(a.not_run).map(bA),runs:function(a){if("string"!=typeof a)return a;let b=Object.entries(M(R(a)));return N(b[0]?.[1]).map((a,c)=>Object.fromEntries(b.map(([a,b])=>[a,N(b)[c]])))}(a.runs),..."phases"in a&&{phases:N(a.phases).map(a=>({...M(a),root:bA(M(a).root)}))},..."configuration"in a&&{configuration:R(a.configuration)},..."said"in a&&{said:R(a.said)},..."trend"in a&&{trend:R(a.trend)},resources:R(a.resources)??null})},"energy.json"),f("CSV","One line for each node","text/csv",()=>{var a;let b,c,d,f,g,h;return c=(b=a0(a=e().report)).map(b=>a2(b,a)),d=[[...a3,...b.map(a=>`joules_${a}`)]],f=a.root?.energy?.joules??null,g=(a,b)=>null!==a&&b?a/b:null,h=(a,b,e)=>{let{energy:i,features:j}=a,k=i?.joules??null;for(let l of(d.push([a.path,b,a.type,a.className,a.primitive,j.calls,k,i?.low??null,i?.high??null,i?.source??null,g(k,f),g(k,e),a.ownJoules,j.flops,j.bytes,j.numParameters,j.latencySeconds,j.predictedSeconds,j.waitingSeconds,a.flags.join("; "),...c.map(b=>b(a))]),a.children))h(l,b+1,k)},a.root&&h(a.root,0,null),a5(d)}),f("SVG","The icicle as a picture","image/svg+xml",()=>(function(a){let{root:b}=a;if(!b)return"";let c=b.energy?.joules??0,d=bJ(b,bO),e=58+26*bK(d)+16,f=bR(a.said.title),g=bP("svg",{xmlns:bN,viewBox:`0 0 1200 ${e}`,width:1200,height:e,role:"img","font-family":"system-ui, sans-serif","font-size":12});for(let{node:b,parent:h,level:i,left:j,right:k}of(g.append(bP("title",{},f),bP("rect",{width:1200,height:e,fill:"#ffffff"}),bP("text",{x:16,y:26,"font-size":18,"font-weight":600,fill:"#222222"},f),bP("text",{x:16,y:45,fill:"#555555"},bR(a.said.provenance))),d)){let a=b.energy?.joules??null,d=null!==a&&c>0?a/c:null,{fill:e,ink:f}=bM(d),l=16+1168*j,m=(k-j)*1168,n=58+26*i,o=bR(ab(b,h?.node.path??null)),p=bP("g",{});p.append(bP("title",{},`${bR(b.path||o)} (${bR(b.className)}): ${B(a,"J",c)}, ${A(d)}`),bP("rect",{x:l,y:n,width:m,height:26,fill:e,stroke:"#ffffff","stroke-width":1}));let q=bQ(`${o}  ${A(d)}`,m)||bQ(o,m);q&&p.append(bP("text",{x:l+5,y:n+17,fill:f},q)),g.append(p)}return new XMLSerializer().serializeToString(g)})(e().report))))),this.#B(),this.#aa.selected&&this.#aa.grid.moveTo(this.#aa.selected)}update(a,b){this.#aL=a,this.#aM=b,this.#aV()}setPhase(a){a!==this.#aP&&(this.#aP=a,this.#aV())}setDevices(a,b){this.#aJ.show(a,b)}select(a){return this.#aa.select(a)}expandTo(a){return null!==this.#aa.reveal(a)}setDepth(a){this.#aa.setDepth(a)}setUnit(a){a!==this.#aO&&(this.#aO=a,this.#B())}showAdvice(a){this.#aK?.show(a)}setView(a){a!==this.#a&&(this.#a=a,this.#B(),"tree"===a&&this.#aa.revealSelected())}#aQ(){var a,b;let c,d;return a0(this.#aL).includes(this.#aP)?(a=this.#aL,b=this.#aP,c=function(a){let b=new Map,c=a=>{b.set(a.path,a),a.children.forEach(c)};for(let b of a)try{c(aY(aO(b)))}catch(a){if(!(a instanceof aU))throw a}return b}(a.phases.filter(a=>a.phase===b)),d=a=>{let b=a.children.map(d),e=c.get(a.path),f=e?e.energy:a.path?null:b.map(a=>a.energy).flatMap(a=>a??[]).reduce((a,{joules:b,low:c,high:d,source:e})=>({joules:(a?.joules??0)+b,low:(a?.low??0)+c,high:(a?.high??0)+d,source:a?.source??e}),null);return{...a,energy:f,ownJoules:e?e.ownJoules:f&&0,features:e?.features??{...aW,calls:0},flags:e?.flags??[],children:b,whole:a}},{...a,root:a.root&&d(a.root),notRun:[],shownPhase:b}):this.#aL}#aV(){this.#x=this.#aQ(),this.#z=new ay(this.#x,this.#aa.isByWeight),this.#aa.take(this.#z),this.#B()}#aW(a){let b=this.#x,c=void 0===b.shownPhase&&a.length>1?a:[];this.#aN=c.map(a=>a2(a,b));let d=c.length?[...ba("").slice(0,3),...c.map(a=>["phase",_(a),`Energy in ${_(a)}`])]:ba(b.said.interval);this.#F.replaceChildren(...bb(d).childNodes),this.#aH.toggleAttribute("data-phased",c.length>0),this.#aH.style.setProperty("--phases",String(c.length))}#B(){let a=function({said:a}){let{phases:b,parts:c,lines:d}=a;if(!b&&!c&&!d.length)return null;let e=Y("div","foot");for(let a of(b&&e.append(...bY("Phases",b)),c&&e.append(...bY("Parts of the cell",c)),d))e.append(Y("p","line",{},$(a,"")));return e}(this.#aL);this.#aE.replaceChildren(function(a,b){let c,d,e,f=Y("div","head");f.append((c=a.root?.energy??null,d=c?.joules??0,e="%"===b?"J":b,Y("p","total",{},Y("strong","total-value",{},c?B(d,e,d):a.said.title),c&&c.high>c.low?Y("span","interval",{},`${a.said.interval} ${C(c.low,c.high,d,e,d)}`):null)),Y("p","provenance",{},$(a.said.provenance,"")));let{elsewhere:g}=a.said;if(g&&f.append(Y("p","provenance irene-elsewhere",{},$(g,""))),a.said.training&&f.append(Y("p","training",{},$(a.said.training,""))),a.runRows.length){let c=a.root?.energy?.joules??0,d="%"===b?"J":b,e=a.runRows.slice(0,32).map(a=>(function(a,b,c){let{batchSize:d,seqLen:e,calls:f,joules:g}=a,h=[f>1?`${f.toLocaleString("en")} calls`:null===a.seconds?null:"1 call",a.tokens?`${a.tokens.toLocaleString("en")} tokens`:null,a.shape&&`input ${a.shape}`,a.shape||!d?null:`batch ${aK(d)}`,a.shape||!e||1===e[1]?null:`length ${aK(e)}`,a.sizes>1?`${a.sizes.toLocaleString("en")} sizes`:null,null===a.seconds?null:w(a.seconds,"s",x),null===g?null:B(g,b,c),null===g||f<2?null:`${B(g/f,b,c)} per call`],i=Y("li",a.level?"run irene-run-part":"run",{},$(a.label,"run-model"));for(let a of h)a&&i.append(Y("span","fact",{},a));return i})(a,d,c));f.append(Y("ul","runs",{"aria-label":"Runs"},...e))}let h=aM(aL(a));return h&&f.append(h),f}(this.#aL,this.#aO)),this.#aF.replaceChildren(...a?[a]:[]);let b=a0(this.#aL);this.#aW(b),this.#aa.showTools({unit:this.#aO,view:this.#a,phases:{names:b,shown:this.#x.shownPhase??null,whole:a0(this.#aL).every(a=>a1.includes(a))?"Whole step":"All phases"}});let c="tree"===this.#a?this.#aa.grid.element:this.#aI.element;this.#aH.firstElementChild!==c&&this.#aH.replaceChildren(c,this.#aG),this.#aS(),this.#aT()}#aS(){if("tree"===this.#a)return void this.#aa.draw();let a=this.#aa.selected?.node??null,b=this.#x,c=(a&&b.notRun.find(b=>b1(b,a)))??b.root??b.notRun[0];c&&this.#aI.draw({root:c,selected:a,unit:this.#aO})}#aT(){let a=this.#aa.selected;if(!a)return void this.#aG.replaceChildren(Y("p","hint",{},"Select a row to see its details."));let b=bv("Copy row","Copy this row to the clipboard (Ctrl+C in the tree)",()=>this.#aa.copy(a));this.#aG.replaceChildren(function(a,b,c,d){let e=document.createDocumentFragment(),f=a.node;if(!f)return e;if(e.append(Y("h3","detail-title",{},$(f.className,"detail-class"))),f.path&&e.append(Y("p","detail-path",{},$(f.path,"path"))),a.outside&&e.append(Y("p","detail-outside",{},"Not in the total")),f.flags.length){let a=Y("ul","flags",{"aria-label":"Flags"});for(let b of f.flags)a.append(Y("li","note",{},$(b,"")));e.append(a)}let g="%"===d?"J":d,h=[["Type",f.type]];f.primitive&&h.push(["Primitive",f.primitive]),f.features.operation&&h.push(["Operation",f.features.operation]);let i=Y("dl","facts");for(let[d,e]of[...function(a,b,c,d,{said:{interval:e},shownPhase:f}){let g=[],{energy:h}=a;if(!h)return[["Energy",f?`none in ${f}`:"unknown"]];g.push(["Energy",B(h.joules,d,b.whole)]);let i=ap(b);i&&g.push([e,C(...i,h.joules,d,b.whole)]);let j=ar(b);if(null!==j){let a=b.outside?"its model":f??"total";g.push([`Share of ${a}`,A(j)])}let k=as(b);null!==k&&g.push(["Share of parent",A(k)]);let l=ao(b);a.children.length&&null!==l&&g.push(["Own energy",B(l,d,b.whole)]);let m=function(a,b,c,d){let e=c.alike(a);if(e.length<2)return null;let f=e.reduce((a,b)=>a+(b.energy?.joules??0),0),g=b.whole>0?` (${A(f/b.whole)})`:"";return`${e.length}, together ${B(f,d,b.whole)}${g}`}(a,b,c,d);return m&&g.push(["Alike nodes",m]),g.push(["Source",h.source]),g}(f,a,c,g,b),...a.outside?[]:b.phases.flatMap(b=>{let c=b.joulesAt.get(f.path);if(void 0===c)return[];let d=(f.whole??f).energy?.joules??0,e=d>0?` (${A(Math.min(1,c/d))})`:"";return[[`In ${b.phase}`,B(c,g,a.whole)+e]]}),...function(a){let{features:b}=a,c=[["Calls",b.calls.toLocaleString("en")]],d=(a,b)=>{b&&c.push([a,b])},{latencySeconds:e,predictedSeconds:f,waitingSeconds:g}=b,h=e??f;for(let[a,c]of(null!==e?d("Latency",w(e,"s",x)):null!==f&&d("Predicted time",w(f,"s",x)),h&&null!==g&&d("Waited for its host",`${w(g,"s",x)} (${A(g/h)})`),b.flops&&d("Compute",w(b.flops,"FLOP",y)),b.bytes&&d("Memory traffic",w(b.bytes,"B",z)),b.flops&&b.bytes&&d("Arithmetic intensity",`${u(b.flops/b.bytes)} FLOP/B`),b.numParameters&&d("Parameters",b.numParameters.toLocaleString("en")),d("Inputs",b.inputShapes.join(", ")),d("Outputs",b.outputShapes.join(", ")),d("Data type",b.dtype),d("Ran on",b.device),b.resources))d(a.replaceAll("_"," "),u(c));return c}(f),...h])i.append(Y("dt","",{},d),Y("dd","",{},$(Z(e),"")));return e.append(i),e}(a,this.#x,this.#z,this.#aO),Y("p","actions",{},b))}#aU(a){a!==this.#a&&(this.setView(a),this.#aD.onView?.(a))}#aR(a,b){let c=a?.node;if(!a||!c)return"Nothing in this tree spends energy";let d="%"===this.#aO?"J":this.#aO,e=a=>c.path?a.energy?.joules??0:av(a),f=b=>A(a.whole>0?b/a.whole:null),g=b.reduce((a,b)=>a+e(b),0),h=b.length>1?`; in all ${b.length} repetitions ${f(g)}`:"",i=!c.path&&c.children.length>0,j=c.path?`${c.path} (${c.className})`:c.className+(i?" itself, beyond its parts":""),k=e(c);return`Most is spent in ${j}: ${B(k,d,a.whole)}, ${f(k)}${h}`}}let b1=(a,b)=>a===b||a.children.some(a=>b1(a,b));function b2(a,b){let c=Y("div","tree",{role:"group","aria-label":b});return c.addEventListener("keydown",a=>{bp(a)&&a.stopPropagation()}),a.replaceChildren(c),c}function b3(a){try{let b=a_(a);if(b.root||b.notRun.length)return b;return[Y("p","empty",{},$(b.said.title,"")),...b.notes.map(a=>Y("p","note",{},$(a,"")))]}catch(a){if(!(a instanceof aU))throw a;return[Y("p","empty",{},`Not shown: ${a.message}.`)]}}function b4(a,b,c={}){let d=b2(a,"Energy report"),e={...c},f=null,g=a=>{let b=b3(a);Array.isArray(b)?(f=null,d.replaceChildren(...b)):f?f.update(b,a):f=new b0(d,b,a,e)};return g(b),{dispose:()=>d.remove(),update:g,select:a=>f?.select(a)??!1,expandTo:a=>f?.expandTo(a)??!1,setDepth:a=>{e.expandedDepth=a,f?.setDepth(a)},setUnit:a=>{e.unit=a,f?.setUnit(a)},setView:a=>{e.view=a,f?.setView(a)},setDevices:(a,b)=>{Object.assign(e,{devices:a,device:b}),f?.setDevices(a,b)},showAdvice:a=>f?.showAdvice(a),setPhase:a=>{e.phase=a,f?.setPhase(a)}}}function b5(a,b,c,d={}){let e=b2(a,"Energy comparison"),f={...d},g=null,h=(a,b)=>{let[c,d]=[b3(a),b3(b)];Array.isArray(c)||Array.isArray(d)?(g=null,e.replaceChildren(...[c,d].flatMap(a=>Array.isArray(a)?a:[]))):g?g.update([c,d]):g=new b6(e,[c,d],f)};return h(b,c),{dispose:()=>e.remove(),update:h,select:a=>g?.select(a)??!1,expandTo:a=>g?.expandTo(a)??!1,setDepth:a=>{f.expandedDepth=a,g?.setDepth(a)},setUnit:a=>{f.unit=a,g?.setUnit(a)}}}class b6{#aX;#aE=Y("div","head-slot");#aG=Y("div","detail",{role:"group","aria-label":"Selected node"});#aa;#aY;#aZ;#aO;constructor(a,b,c){let[d,e]=c.labels??["before","after"];this.#aX=[_(d),_(e)],this.#aO=c.unit??"J",this.#aY=b,this.#aZ=b7(b,!1),this.#aa=new by(this.#aZ,{label:"Energy by module, compared",heading:(([a,b])=>bb([["name","Name","Module or primitive, and its class"],["before",a,"Energy in the first report"],["after",b,"Energy in the second report"],["difference","Difference","The second report's energy less the first one's"],["change","Change","The difference in percent of the first report's energy"],["verdict","Significance","Significant: the two intervals do not overlap"]]))(this.#aX),words:{follow:"Follow the difference",followTitle:"Open the path to what differs most",sorts:az},cells:(a,b)=>(function(a,b,c,d,[e,f]){let g=aF(bj(a)),h=aC(a),{before:i,after:j}=bj(a),{dataset:k}=b;k.kind=a.node?(j??i)?.type??"":"group",k.verdict=g,k.sign=h?h>0?"more":"less":"";let l=Y("span","delta",{"aria-hidden":"true"},Y("span","delta-fill")),m=f-e||1;return l.style.setProperty("--axis",String(-e/m)),l.style.setProperty("--length",String(Math.abs(h??0)/m)),[function(a,b){let c=bd(a.members.flatMap(a=>aC({members:[a]})||[]),c=>E(c,b,a.whole)),d=a.node?a.detail:[c,a.detail].filter(Boolean).join(" \xb7 "),e=a.members.flatMap(({before:a,after:b})=>[...a?.flags??[],...b?.flags??[]]),{before:f,after:g}=bj(a),h=a.node?`${(g??f)?.path||a.label} (${a.detail})`:`${a.label} \xb7 ${d}`;return be(a.label,d,e,h)}(a,c),bc("energy",bk(a,"before",c)),bc("energy",bk(a,"after",c)),bc("difference",l,Y("span","delta-text",{},E(h,c,a.whole))),bc("change",F(aD(a))),bc("verdict",bi(g,d))]})(a,b,this.#aO,this.#aX,this.#aZ.extremes),rowText:a=>(function(a,b){let{before:c,after:d}=bj(a),e=b=>{let c=aB(a,b);return bj(a)[b]?null===c?"unknown":`${c} J`:""},f=aC(a);return a6([a.node&&(d??c)?.path||a.label,a.detail,e("before"),e("after"),null===f?"unknown":`${f} J`,F(aD(a)),_(bh(aF(bj(a)),b))])})(a,this.#aX),arrived:(a,b)=>this.#aR(a,b),marked:()=>this.#aT(),chosen:a=>c.onSelect?.(a),depth:()=>void 0,unit:a=>{this.setUnit(a),c.onUnit?.(a)}},c);let{toolbar:f,grid:g}=this.#aa,h=Y("div","panes",{},g.element,this.#aG);h.dataset.comparison="";let i=bT(bS("CSV","One line for each pair","text/csv",()=>this.#aY.map(a8).join("_against_"),()=>{var a;let b,c,d;return a=this.#aZ.root,b=a=>a?a.energy:aA,c=[bl],(d=(a,e)=>{let{before:f,after:g}=a,[h,i]=[b(f),b(g)],j=aD({members:[a]});for(let b of(c.push([f?f.path:null,g?g.path:null,e,(f??g)?.type??"",f?f.className:null,g?g.className:null,...[h,i].flatMap(a=>a?[a.joules,a.low,a.high,a.source]:[null,null,null,null]),aC({members:[a]}),null===j?null:100*j,aE(a),h&&i?(g?av(g):0)-(f?av(f):0):null]),a.children))d(b,e+1)})(a,0),a5(c)})),j=Y("p","legend",{},`* significant: the ${b[0].said.interval}s do not overlap; no verdict where one side is estimated or extrapolated`);a.replaceChildren(this.#aE,f.element,f.status,h,j,i),this.#B(),this.#aa.selected&&g.moveTo(this.#aa.selected)}update(a){this.#aY=a,this.#aZ=b7(a,this.#aa.isByWeight),this.#aa.take(this.#aZ),this.#B()}select(a){return this.#aa.select(a)}expandTo(a){return null!==this.#aa.reveal(a)}setDepth(a){this.#aa.setDepth(a)}setUnit(a){this.#aO=a,this.#B()}#B(){this.#aE.replaceChildren(function(a,b,c,d){var e,f;let g="%"===d?"J":d,h={members:[a.root]},i=aF(a.root),j=aD(h),k=Y("div","head");k.append(Y("p","total",{},Y("strong","total-value",{},E(aC(h),g,0)),Y("span","total-change",{},null===j?"":F(j)),bi(i,c),Y("span","interval",{},bg[i])));let l=b.map(a=>a.said.provenance),m=l[0]===l[1],n=Y("dl","sides"),o=(a,...b)=>n.append(Y("dt","side-label",{},$(a,"")),Y("dd","side",{},...b));for(let[a,d]of(b.forEach((a,b)=>{let d=a.root?.energy??null,e=d?` ${B(d.joules,g,0)}, ${a.said.interval} `+C(d.low,d.high,d.joules,g,0):" nothing ran",f=m?[]:[" \xb7 ",$(l[b]??"","")];o(c[b]??"",$(a.root?.className??"","run-model"),e,...f)}),m&&o("both",$(l[0]??"","")),e=b,f=g,bm(e)?[]:["queries","tokens"].flatMap(a=>{let[b,c]=e.map(({root:b,said:{work:c}})=>{let d=c?.[a];return b?.energy&&d?b.energy.joules/d:null});return null==b||null==c?[]:[["queries"===a?"a query":"a token",[b,c].map(a=>B(a,f,0)).join(" → ")+(b>0?` (${F((c-b)/b)})`:"")]]})))o(a,d);k.append(n);let p=aM(function(a,b){let c=[],d=(d,e)=>{let[f,g]=a.map(e);f!==g&&c.push(["⚠",`${d}: ${f} ${b[0]}, ${g} ${b[1]}.`])};d("Two devices",a=>a.device.label),d("Two kinds of numbers",a=>a.root?.energy?.source??"nothing"),bm(a)||d("Two sizes of work",bn);let[e,f]=a.map(aL),g=(a,b)=>a.some(([,a])=>a===b);for(let[a,d]of e)c.push([a,g(f,d)?d:`${b[0]}: ${d}`]);for(let[a,d]of f)g(e,d)||c.push([a,`${b[1]}: ${d}`]);return c}(b,c));return p&&k.append(p),k}(this.#aZ,this.#aY,this.#aX,this.#aO)),this.#aa.showTools({unit:this.#aO}),this.#aa.draw(),this.#aT()}#aT(){let a=this.#aa.selected;if(!a?.node)return;let b=bv("Copy row","Copy this row to the clipboard (Ctrl+C in the tree)",()=>this.#aa.copy(a));this.#aG.replaceChildren(Y("h3","detail-title",{},$(a.label,"")),Y("p","detail-difference",{},Y("strong","",{},E(aC(a),this.#aO,a.whole)),` ${F(aD(a))} `,bi(aF(a.node),this.#aX)),Y("p","hint",{},bg[aF(a.node)]),function({before:a,after:b},c,d,e){let f="%"===e?"J":e,g=Y("tr","",{},Y("td",""));for(let a of d)g.append(Y("th","",{scope:"col"},$(a,"")));let h=Y("table","table",{"aria-label":"Both sides"},g),i=(d,e)=>{let f=[a?e(a,c[0]):"",b?e(b,c[1]):""];if(f.every(a=>!a))return;let g=f.map(a=>Y("td","",{},$(Z(a)||"–","")));h.append(Y("tr","",{},Y("th","",{scope:"row"},d),...g))};return i("Class",a=>a.className),i("Path",a=>a.path),i("Energy",a=>B(a.energy?.joules??null,f,0)),i(c[0].said.interval,({energy:a})=>a?C(a.low,a.high,a.joules,f,0):""),i("Own energy",a=>a.children.length&&null!==a.ownJoules?B(a.ownJoules,f,0):""),i("Share of total",(a,b)=>{let c=b.root?.energy?.joules??0;return a.energy&&c>0?A(a.energy.joules/c):""}),i("Source",a=>a.energy?.source??""),i("Calls",a=>a.features.calls.toLocaleString("en")),i("Compute",({features:a})=>a.flops?w(a.flops,"FLOP",y):""),i("Memory traffic",({features:a})=>a.bytes?w(a.bytes,"B",z):""),i("Parameters",({features:a})=>a.numParameters?w(a.numParameters,"",y).trim():""),i("Flags",a=>a.flags.join("; ")),h}(a.node,this.#aY,this.#aX,this.#aO),Y("p","actions",{},b))}#aR(a,b){if(!a?.node)return"The two do not differ";let c="%"===this.#aO?"J":this.#aO,d=b=>E(b.reduce((a,b)=>a+this.#aZ.ownOf(b),0),c,a.whole),e=b.length>1?`; in all ${b.length} repetitions ${d(b)}`:"",{before:f,after:g,children:h}=a.node,i=_(this.#aZ.pathOf(a.node))||a.label,j=f&&g&&h.length?`${i} itself`:i;return`Most differs in ${j}: ${d([a.node])}${e}`}}let b7=([a,b],c)=>new aI(a.root,b.root,c)}}]);
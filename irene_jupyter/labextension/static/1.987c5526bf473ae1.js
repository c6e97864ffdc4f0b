"use strict";(self.rspackChunkirene_jupyter=self.rspackChunkirene_jupyter||[]).push([[1],{28(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The extension's parts around the tree; colours are those of JupyterLab's theme. */
.irene-lab-output {
  padding: 2px 0;
}

.jp-MimeDocument .irene-lab-output {
  overflow: auto;
  padding: 12px;
}

/* A document has the whole tab for its tree. */
.jp-MimeDocument .irene-tree :is(.irene-scroll, .irene-detail) {
  max-height: none;
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
`,""]),c.d(b,{},{A:g})},27(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* Two reports against each other. */
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

.irene-side {
  color: var(--irene-soft-ink);
  overflow-wrap: anywhere;
}

.irene-side-label {
  display: inline-block;
  min-width: 4.5em;
  margin-right: 6px;
  color: var(--irene-ink);
  font-weight: 600;
}

.irene-heading .irene-difference {
  text-align: right;
}

.irene-row .irene-difference {
  display: flex;
  align-items: center;
  gap: 8px;
}

/* Less to the left of the middle, more to the right. */
.irene-delta {
  position: relative;
  flex: 1;
  height: 10px;
  background: linear-gradient(var(--irene-line), var(--irene-line)) center / 1px 100% no-repeat;
}

.irene-delta-fill {
  position: absolute;
  top: 0;
  bottom: 0;
  width: calc(var(--length) * 50%);
}

[data-sign="more"] .irene-delta-fill {
  left: 50%;
  background: var(--irene-more);
}

[data-sign="less"] .irene-delta-fill {
  right: 50%;
  background: var(--irene-less);
}

.irene-row[data-verdict="within intervals"] .irene-delta-fill {
  opacity: 0.45;
}

.irene-delta-text {
  flex: 0 0 72px;
  text-align: right;
  white-space: nowrap;
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

.irene-panes[data-comparison] .irene-table :is(th:first-child) {
  color: var(--irene-soft-ink);
}

@container irene (min-width: 960px) {
  .irene-panes[data-comparison] {
    grid-template-columns: minmax(0, 1fr) 320px;
  }
}

@container irene (max-width: 1199px) {
  .irene-panes[data-comparison] {
    --irene-columns: minmax(140px, 1fr) 68px 68px 76px 66px 112px;
  }

  .irene-delta {
    display: none;
  }
}

@container irene (max-width: 639px) {
  .irene-panes[data-comparison] {
    --irene-columns: minmax(96px, 1fr) 68px 62px 100px;
  }

  .irene-panes[data-comparison] :is(.irene-heading, .irene-row) > :is(.irene-energy, .irene-before, .irene-after) {
    display: none;
  }
}

@container irene (max-width: 479px) {
  .irene-panes[data-comparison] {
    --irene-columns: minmax(80px, 1fr) 68px 74px;
  }

  .irene-verdict {
    display: none;
  }

  .irene-row[data-verdict="significant"] .irene-change::after {
    content: " *";
  }
}

@media (forced-colors: active) {
  .irene-delta-fill {
    background: CanvasText !important;
    forced-color-adjust: none;
  }
}
`,""]),c.d(b,{},{A:g})},25(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The pane of the selected node: beside the tree where there is room, else below it. */
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
`,""]),c.d(b,{},{A:g})},24(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The grid: its columns, rows, bars, badges; fewer columns where it is narrow. */
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

.irene-row {
  height: 26px;
  /* Rows out of sight are not laid out: 3,000 appear four times as fast. */
  content-visibility: auto;
  contain-intrinsic-height: 26px;
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
  .irene-row[aria-selected="true"] * {
    color: HighlightText;
    border-color: HighlightText;
  }

  .irene-bar {
    border: 1px solid CanvasText;
    background: Canvas;
    forced-color-adjust: none;
  }

  .irene-fill {
    background: CanvasText;
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

.irene-run {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
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
`,""]),c.d(b,{},{A:g})},26(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=(c.n(f))()(e());g.push([a.id,`/* The icicle: boxes as wide as their energy, in the colours of figure 5. */
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
  --irene-more: #b83a0a;
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
  .irene-tree {
    --irene-cool: #8a4b17;
    --irene-hot: #ff8a4c;
    --irene-warn: #f0b24a;
    --irene-more: #ff9a66;
    --irene-less: #4fc9c2;
  }
}

[data-jp-theme-light="true"] .irene-tree {
  --irene-cool: #fdc27d;
  --irene-hot: #a63603;
  --irene-warn: #9a4a06;
  --irene-more: #b83a0a;
  --irene-less: #0b7a75;
  color-scheme: light;
}

[data-jp-theme-light="false"] .irene-tree,
.vscode-dark .irene-tree {
  --irene-cool: #8a4b17;
  --irene-hot: #ff8a4c;
  --irene-warn: #f0b24a;
  --irene-more: #ff9a66;
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

.irene-tools[hidden] {
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
`,""]),c.d(b,{},{A:g})},18(a,b,c){var d=c(19),e=c.n(d),f=c(20),g=c.n(f),h=c(21),i=c(22),j=c(23),k=c(24),l=c(25),m=c(26),n=c(27),o=g()(e());o.i(h.A),o.i(i.A),o.i(j.A),o.i(k.A),o.i(l.A),o.i(m.A),o.i(n.A),o.push([a.id,`/* The energy tree's style, part by part. */
`,""]),c.d(b,{},{A:o})},20(a){a.exports=function(a){var b=[];return b.toString=function(){return this.map(function(b){var c="",d=void 0!==b[5];return b[4]&&(c+="@supports (".concat(b[4],") {")),b[2]&&(c+="@media ".concat(b[2]," {")),d&&(c+="@layer".concat(b[5].length>0?" ".concat(b[5]):""," {")),c+=a(b),d&&(c+="}"),b[2]&&(c+="}"),b[4]&&(c+="}"),c}).join("")},b.i=function(a,c,d,e,f){"string"==typeof a&&(a=[[null,a,void 0]]);var g={};if(d)for(var h=0;h<this.length;h++){var i=this[h][0];null!=i&&(g[i]=!0)}for(var j=0;j<a.length;j++){var k=[].concat(a[j]);d&&g[k[0]]||(void 0!==f&&(void 0===k[5]||(k[1]="@layer".concat(k[5].length>0?" ".concat(k[5]):""," {").concat(k[1],"}")),k[5]=f),c&&(k[2]&&(k[1]="@media ".concat(k[2]," {").concat(k[1],"}")),k[2]=c),e&&(k[4]?(k[1]="@supports (".concat(k[4],") {").concat(k[1],"}"),k[4]=e):k[4]="".concat(e)),b.push(k))}},b}},19(a){a.exports=function(a){return a[1]}},12(a){var b=[];function c(a){for(var c=-1,d=0;d<b.length;d++)if(b[d].identifier===a){c=d;break}return c}function d(a,d){for(var e={},f=[],g=0;g<a.length;g++){var h=a[g],i=d.base?h[0]+d.base:h[0],j=e[i]||0,k="".concat(i," ").concat(j);e[i]=j+1;var l=c(k),m={css:h[1],media:h[2],sourceMap:h[3],supports:h[4],layer:h[5]};if(-1!==l)b[l].references++,b[l].updater(m);else{var n=function(a,b){var c=b.domAPI(b);return c.update(a),function(b){b?(b.css!==a.css||b.media!==a.media||b.sourceMap!==a.sourceMap||b.supports!==a.supports||b.layer!==a.layer)&&c.update(a=b):c.remove()}}(m,d);d.byIndex=g,b.splice(g,0,{identifier:k,updater:n,references:1})}f.push(k)}return f}a.exports=function(a,e){var f=d(a=a||[],e=e||{});return function(a){a=a||[];for(var g=0;g<f.length;g++){var h=c(f[g]);b[h].references--}for(var i=d(a,e),j=0;j<f.length;j++){var k=c(f[j]);0===b[k].references&&(b[k].updater(),b.splice(k,1))}f=i}}},14(a){var b={};a.exports=function(a,c){var d=function(a){if(void 0===b[a]){var c=document.querySelector(a);if(window.HTMLIFrameElement&&c instanceof window.HTMLIFrameElement)try{c=c.contentDocument.head}catch(a){c=null}b[a]=c}return b[a]}(a);if(!d)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");d.appendChild(c)}},16(a){a.exports=function(a){var b=document.createElement("style");return a.setAttributes(b,a.attributes),a.insert(b,a.options),b}},15(a,b,c){a.exports=function(a){var b=c.nc;b&&a.setAttribute("nonce",b)}},13(a){a.exports=function(a){if("u"<typeof document)return{update:function(){},remove:function(){}};var b=a.insertStyleElement(a);return{update:function(c){var d,e,f;d="",c.supports&&(d+="@supports (".concat(c.supports,") {")),c.media&&(d+="@media ".concat(c.media," {")),(e=void 0!==c.layer)&&(d+="@layer".concat(c.layer.length>0?" ".concat(c.layer):""," {")),d+=c.css,e&&(d+="}"),c.media&&(d+="}"),c.supports&&(d+="}"),(f=c.sourceMap)&&"u">typeof btoa&&(d+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(f))))," */")),a.styleTagTransform(d,b,a.options)},remove:function(){var a;null===(a=b).parentNode||a.parentNode.removeChild(a)}}}},17(a){a.exports=function(a,b){if(b.styleSheet)b.styleSheet.cssText=a;else{for(;b.firstChild;)b.removeChild(b.firstChild);b.appendChild(document.createTextNode(a))}}},7(a,b,c){let d=`<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M13.2 2.5 4.8 13.6h5.7L9.6 21.5l8.9-11.9h-6z"/>
</svg>`;c.d(b,{},{d:d})},10(a,b,c){c.d(b,{e:()=>t,T:()=>u});var d=c(8),e=c(11),f=c(12),g=c.n(f),h=c(13),i=c.n(h),j=c(14),k=c.n(j),l=c(15),m=c.n(l),n=c(16),o=c.n(n),p=c(17),q=c.n(p),r=c(28),s={};s.styleTagTransform=q(),s.setAttributes=m(),s.insert=k().bind(null,"head"),s.domAPI=i(),s.insertStyleElement=o(),g()(r.A,s),r.A&&r.A.locals&&r.A.locals;let t="application/vnd.irene.energy+json";class u extends d.Widget{#a=null;constructor(){super(),this.addClass("irene-lab-output"),this.node.dataset.irene="static"}draw(a){let b=a.data[t],c=a.metadata[t],d=c?.expanded_depth;this.#a?.dispose(),this.#a=(0,e.B6)(this.node,"string"==typeof b?function(a){try{return JSON.parse(a)}catch{return null}}(b):b,"number"==typeof d?{expandedDepth:d}:{})}dispose(){this.#a?.dispose(),this.#a=null,super.dispose()}}},11(a,b,c){c.d(b,{fL:()=>aK,QE:()=>D,L8:()=>r,Vb:()=>t,aH:()=>P,tL:()=>aO,Wo:()=>bj,B6:()=>bi,ml:()=>u});var d=c(12),e=c.n(d),f=c(13),g=c.n(f),h=c(14),i=c.n(h),j=c(15),k=c.n(j),l=c(16),m=c.n(l),n=c(17),o=c.n(n),p=c(18),q={};function r(a,b,c={},...d){let e=document.createElement(a);for(let[a,d]of(b&&(e.className=`irene-${b}`),Object.entries(c)))e.setAttribute(a,d);return e.append(...d.filter(a=>null!==a)),e}q.styleTagTransform=o(),q.setAttributes=k(),q.insert=i().bind(null,"head"),q.domAPI=g(),q.insertStyleElement=m(),e()(p.A,q),p.A&&p.A.locals&&p.A.locals;let s=a=>a.replace(/ (?=[%×])|(?<=×) |(?<=\d) (?=[A-Za-zµ/]{1,6}(?:$|[ ,]))/g,"\xa0");function t(a,b){return r("bdi",b,{dir:"ltr"},u(a))}let u=a=>a.length>400?`${a.slice(0,400)}…`:a,v=["J","mJ","Wh","%"];function w(a){if(0===a)return"0";if(5e-4>Math.abs(a))return"<0.001";let b=Number(a.toPrecision(3));if(Math.abs(b)>=1e3)return Math.round(a).toLocaleString("en");let c=Math.floor(Math.log10(Math.abs(b)));return b.toFixed(Math.min(4,Math.max(0,2-c)))}function x(a,b){if(0===a)return[1,""];let c=Number(a.toPrecision(3)),d=b[b.length-1];return b.find(([a])=>c>=a)??d}function y(a,b,c){let[d,e]=x(a,c);return`${w(a/d)} ${e}${b}`}let z=[[1e3,"k"],[1,""],[.001,"m"],[1e-6,"\xb5"]],A=[[1e12,"T"],[1e9,"G"],[1e6,"M"],[1e3,"k"],[1,""]],B=[[0x10000000000,"Ti"],[0x40000000,"Gi"],[1048576,"Mi"],[1024,"Ki"],[1,""]];function C(a){if(null===a)return"–";let b=100*a;return 0===b?"0 %":b<.01?"<0.01 %":`${b.toFixed(b<.995?2:+(b<99.95))} %`}function D(a,b,c){if(null===a)return"–";switch(b){case"%":return C(c>0?a/c:null);case"mJ":return`${w(1e3*a)} mJ`;case"Wh":return y(a/3600,"Wh",z);case"J":return y(a,"J",z)}}function E(a,b,c,d,e){if("%"===d)return e>0?`${w(100*a/e)}–${w(100*b/e)} %`:"–";if("mJ"===d)return`${w(1e3*a)}–${w(1e3*b)} mJ`;let f="Wh"===d?1/3600:1,[g,h]=x(c*f,z),[i,j]=[a,b].map(a=>w(a*f/g));return`${i}–${j} ${h}${"Wh"===d?"Wh":"J"}`}let F=(a,b)=>0===a?b:`${a>0?"+":"−"}${b}`;function G(a,b,c){return null===a?"–":F(a,D(Math.abs(a),b,c))}function H(a){if(null===a)return"–";let b=Math.abs(a);return F(a,b<10?C(b):`${Math.round(100*b).toLocaleString("en")} %`)}class I{#b="";#c=0;find(a,b,c){let d=Date.now(),e=d-this.#c>600;this.#c=d,this.#b=e||this.#b===a?a:this.#b+a;let f=+(1===this.#b.length);for(let a=0;a<b.length;a++){let d=(c+f+a)%b.length,e=b[d]?.toLowerCase()??"",g=e.slice(e.lastIndexOf(".")+1);if(e.startsWith(this.#b)||g.startsWith(this.#b))return d}return -1}}let J=a=>!a.ctrlKey&&!a.metaKey&&!a.altKey&&"Escape"!==a.key&&!(a.shiftKey&&"Enter"===a.key);class K{element;#d;#e;#f=r("div","body",{role:"rowgroup"});#g=new WeakMap;#b=new I;#h;#i=new Map;#j=null;constructor(a,b,c,d){this.#h=c,this.#d=d,this.#e=b,this.element=r("div","scroll",{},r("div","grid",{role:"treegrid","aria-label":a},r("div","",{role:"rowgroup"},b),this.#f)),this.#f.addEventListener("click",a=>this.#k(a)),this.#f.addEventListener("dblclick",a=>this.#l(a)),this.#f.addEventListener("keydown",a=>this.#m(a)),this.#f.addEventListener("focusin",a=>{let b=this.#n(a);b&&this.#o(b)})}get current(){return this.#j}show(a){this.#h=a,this.draw()}draw(){let a=this.#f.contains(document.activeElement),b=this.#i,c=[];this.#i=new Map;let d=a=>a.forEach((e,f)=>{let g=this.#p(b.get(e.key)??this.#q(),e,f,a.length);c.push(g),e.expanded&&d(this.#h.childrenOf(e))});d(this.#h.top);let{children:e}=this.#f;if(!(e.length===c.length&&c.every((a,b)=>e[b]===a))){let{scrollTop:a}=this.element,b=document.createDocumentFragment();b.append(...c),this.#f.replaceChildren(b),this.element.scrollTop=a}this.#r(),a&&!this.#f.contains(document.activeElement)&&this.#s(this.#j)?.focus({preventScroll:!0})}mark(a){let b=this.#s(a);a&&b&&this.#t(b,a)}expand(a){if(a.expanded||!this.#h.hasChildren(a))return;a.expanded=!0;let b=this.#s(a);if(!b)return;b.setAttribute("aria-expanded","true");let c=document.createDocumentFragment(),d=a=>a.forEach((b,e)=>{c.append(this.#p(this.#q(),b,e,a.length)),b.expanded&&d(this.#h.childrenOf(b))});d(this.#h.childrenOf(a)),b.after(c)}collapse(a){if(!a.expanded)return;a.expanded=!1;let b=this.#s(a);if(b){b.setAttribute("aria-expanded","false");for(let c=b.nextElementSibling;c;c=b.nextElementSibling){let b=this.#g.get(c);if(!b||b.level<=a.level)break;b.key===this.#j?.key&&this.#o(a),this.#i.delete(b.key),c.remove()}}}toggle(a){a.expanded?this.collapse(a):this.expand(a)}focus(a){a&&(this.#o(a),this.#s(a)?.focus({preventScroll:!0}),this.scrollTo(a))}moveTo(a){this.#o(a);let b=this.#s(a)?.getBoundingClientRect();if(!b)return;let c=this.element.getBoundingClientRect(),d=c.top+this.#e.offsetHeight;b.top<d?this.element.scrollTop-=d-b.top:b.bottom>c.bottom&&(this.element.scrollTop+=b.bottom-c.bottom)}scrollTo(a){this.#s(a)?.scrollIntoView({block:"nearest",inline:"nearest"})}#q(){return r("div","row",{role:"row",tabindex:"-1"})}#p(a,b,c,d){return a.setAttribute("aria-level",String(b.level)),a.setAttribute("aria-posinset",String(c+1)),a.setAttribute("aria-setsize",String(d)),a.style.setProperty("--level",String(b.level-1)),this.#h.hasChildren(b)?a.setAttribute("aria-expanded",String(b.expanded)):a.removeAttribute("aria-expanded"),this.#t(a,b),a.replaceChildren(...this.#d.cells(b,a)),this.#g.set(a,b),this.#i.set(b.key,a),a}#t(a,b){let c=this.#d.isSelected(b);null===c?a.removeAttribute("aria-selected"):a.setAttribute("aria-selected",String(c))}#s(a){return(a&&this.#i.get(a.key))??null}#r(){let a=this.#j;for(;a&&!this.#i.has(a.key);)a=a.parent;let b=this.#s(a)??this.#f.firstElementChild,c=b&&this.#g.get(b);for(let a of(this.#j=null,this.#f.querySelectorAll('[tabindex="0"]')))a!==b&&a.setAttribute("tabindex","-1");c&&this.#o(c)}#o(a){let b=this.#s(this.#j);b&&(b.tabIndex=-1),this.#j=a;let c=this.#s(a);c&&(c.tabIndex=0)}#n(a){let b=a.target?.closest(".irene-row");return(b&&this.#g.get(b))??null}#u(a){return null!==this.#d.isSelected(a)}#v(a){this.#u(a)?this.#d.choose(a):this.toggle(a)}#k(a){let b=this.#n(a);b&&(this.focus(b),a.target.closest(".irene-twisty")?this.toggle(b):this.#v(b))}#l(a){let b=this.#n(a);b&&this.#u(b)&&(a.target.closest(".irene-twisty")||this.toggle(b))}#m(a){let b=this.#n(a);if(!b)return;let c=(a.ctrlKey||a.metaKey)&&/^(Home|End)$/.test(a.key);(this.#d.key?.(b,a)||(J(a)||c)&&this.#w(b,a.key))&&a.preventDefault()}#w(a,b){let c=this.#s(a);switch(b){case"ArrowDown":return this.#x(c?.nextElementSibling),!0;case"ArrowUp":return this.#x(c?.previousElementSibling),!0;case"ArrowRight":return a.expanded?this.focus(this.#h.childrenOf(a)[0]):this.expand(a),!0;case"ArrowLeft":return a.expanded?this.collapse(a):this.focus(a.parent),!0;case"Home":return this.#x(this.#f.firstElementChild),!0;case"End":return this.#x(this.#f.lastElementChild),!0;case"PageDown":return this.#y(c,1),!0;case"PageUp":return this.#y(c,-1),!0;case"Enter":return this.#d.isSelected(a)?this.toggle(a):this.#v(a),!0;case" ":return this.#v(a),!0;case"*":for(let b of a.parent?this.#h.childrenOf(a.parent):this.#h.top)this.expand(b);return!0;default:return 1===b.length&&this.#z(a,b.toLowerCase())}}#x(a){this.focus(a&&this.#g.get(a))}#y(a,b){if(!a)return;let c=[...this.#f.children],d=Math.max(1,Math.floor(this.element.clientHeight/(a.offsetHeight||1))-2),e=c.indexOf(a)+b*d;this.#x(c[Math.min(c.length-1,Math.max(0,e))])}#z(a,b){let c=[...this.#f.children],d=c.map(a=>this.#g.get(a)?.label??""),e=c.findIndex(b=>this.#g.get(b)===a);return this.#x(c[this.#b.find(b,d,e)]),!0}}let L=new Map([["incomplete","the run failed half-way; only what ran is counted"],["not_run","built but never run; predicted for one forward pass on inputs of our own"],["estimated","no regressor fits; a declared fallback with a wide interval"],["extrapolated","larger or smaller than anything that the profile was fitted on"],["fused","several primitives ran as one operation"],["merged","several runs with different shapes are added up here"],["shared","the same module runs at several places"]]),M=a=>null===a?"–":D(a,"J",0),N=a=>null===a?"–":y(a,"s",z),O=a=>a.split(":",1)[0]?.trim()??"";function P(a){let b=a.device.label||"an unnamed device";if(null!==a.measured&&null!==a.measured.joules){let c=a.root?.energy?.source==="measured";return`${c?"Measured on this machine":"Part of what was measured on this machine"} (${a.measured.scope}), divided as predicted for ${b}`}switch(a.root?.energy?.source){case"measured":return`Measured on ${b}`;case"replayed":return`Measured on repeated runs on ${b}`;case"simulated":return"Simulated: a meter that is not hardware had a part in it";case"estimated":return"reference"===a.device.kind?`Estimated from ${b} (reference device) — not this machine`:`Estimated for ${b}: no profile fits, the interval is wide`;default:return"reference"===a.device.kind?`Predicted for ${b} (reference device) — not this machine`:`Predicted for ${b} (calibrated)`}}let Q=new Map([["estimated","≈"],["extrapolated","↗"]]),R=a=>{let b,c,d,e;return[...(b=new Map,c=a=>{let d=new Set;for(let c of a.flags){let a=O(c),e=b.get(a)??{nodes:0,reasons:new Set};b.set(a,e),!d.has(a)&&e.nodes++,d.add(a);let f=c.slice(c.indexOf(":")+1).trim();for(let b of(c.includes(":")&&f?f:L.get(a)??"").split("; "))b&&e.reasons.add(b)}a.children.forEach(c)},a.root&&c(a.root),a.notRun.forEach(c),d=[...L.keys()],e=a=>(d.indexOf(a)+1||d.length+1)-1,[...b].sort(([a],[b])=>e(a)-e(b)||(a<b?-1:1)).map(([a,{nodes:b,reasons:c}])=>{let d=`${b.toLocaleString("en")} node${1===b?"":"s"}`,e=[...c].slice(0,3).join("; "),f=c.size-3,g=`${a.replaceAll("_"," ")} (${d})${e&&`: ${e}`}`+(f>0?`; and ${f} more`:"");return{sign:Q.get(a)??"⚠",text:g}})),...[...new Set(a.notes)].map(a=>({sign:"⚠",text:a}))]},S=["Part of the cell","Time here","Energy"],T=["Phase","Calls","Tokens","Time here","Energy","Per token","Time/token"];function U(a){if(!a.length)return null;let b=r("ul","notes",{"aria-label":"Warnings"});for(let{sign:c,text:d}of a){let a=r("span","sign",{"aria-hidden":"true"},`${c} `);b.append(r("li","note",{},a,t(d,"")))}return b}let V=/^(.*[._])?(\d{1,9})$/;function W(a,b){if(!a.path)return a.className;let c=`${b}.`;return b&&a.path.startsWith(c)?a.path.slice(c.length):a.path}class X{#A=new Map;#B=new Map;#C=new Map;add(a){let{latencySeconds:b,resources:c,...d}=a.features,e=JSON.stringify([a.className,a.primitive,a.type,null===a.energy,a.flags.map(O),d,a.children.map(b=>[W(b,a.path),this.#B.get(b)])]),f=this.#A.get(e)??this.#A.size;this.#A.set(e,f),this.#B.set(a,f);let g=this.#C.get(f);g?g.push(a):this.#C.set(f,[a])}alike(a){return this.#C.get(this.#B.get(a)??-1)??[a]}fold(a){let b=[];for(let c of a.children){let d=b.at(-1),e=d?.[0],f=d?.at(-1);d&&e&&f&&function(a,b,c){let d=V.exec(W(a,c)),e=V.exec(W(b,c));return!!d&&!!e&&d[1]===e[1]&&Number(d[2])<Number(e[2])}(f,c,a.path)&&this.#B.get(e)===this.#B.get(c)&&function(a,b){if(!a.energy||!b.energy)return a.energy===b.energy;let{joules:c,source:d}=a.energy,e=Math.max(c,b.energy.joules);return d===b.energy.source&&Math.abs(c-b.energy.joules)<=.05*e}(e,c)?d.push(c):b.push([c])}return b}}function Y(a){let b=a=>a?a.energy?.joules??null:0,[c,d]=[b(a.before),b(a.after)];return null===c||null===d?null:d-c}function Z(a){let b=Y(a),c=a.before?.energy?.joules??0;return null!==b&&c>0?b/c:null}function $({before:a,after:b}){return a?b?a.energy&&b.energy?a.energy.high<b.energy.low||b.energy.high<a.energy.low?"significant":"within intervals":"unknown":"only before":"only after"}let _=["order","difference"],aa=a=>Math.abs(Y(a)??0);class ab{root;top;largest;#D=new Map;constructor(a,b,c){this.root=function a(b,c,d=null,e=0){let f,g,h={key:d?`${d.key}.${e}`:"0",before:b,after:c,parent:d,order:e,level:(d?.level??0)+1,label:(f=b&&W(b,d?.before?.path??null),g=c&&W(c,d?.after?.path??null),null===f||null===g||f===g?f??g??"":`${f} → ${g}`),expanded:!1,children:[]};return h.children=(function(a,b){let c=new Map,d=new Set;for(let e of[(a,b)=>a.path===b.path&&a.type===b.type,(a,b)=>a.className===b.className&&a.type===b.type,(a,b)=>a.type===b.type])for(let f of a){if(c.has(f))continue;let a=b.find(a=>!d.has(a)&&e(f,a));a&&(c.set(f,a),d.add(a))}let e=a.map(a=>[a,c.get(a)??null]);return b.forEach((a,c)=>{if(d.has(a))return;let f=b[c-1],g=f?e.findIndex(([,a])=>a===f):-1;e.splice(g+1,0,[null,a])}),e})(b?.children??[],c?.children??[]).map(([b,c],d)=>a(b,c,h,d)),h}(a,b),this.top=[this.root];let d=0;this.#E(a=>{for(let b of(d=Math.max(d,aa(a)),[a.before,a.after]))b&&this.#D.set(b.path,a)}),this.largest=d,this.sort(c)}childrenOf(a){return a.children}hasChildren(a){return a.children.length>0}find(a){return a?this.#D.get(a)??null:this.root}expandTo(a){this.#E(b=>{b.expanded=b.level<=a&&b.children.length>0})}expandAs(a){let b=new Set;a.#E(a=>{a.expanded&&b.add(a.key)}),this.#E(a=>{a.expanded=b.has(a.key)&&a.children.length>0})}sort(a){this.#E(b=>{b.children.sort((b,c)=>("difference"===a?aa(c)-aa(b):0)||b.order-c.order)})}height(){let a=0;return this.#E(b=>{a=Math.max(a,b.level)}),a}furthest(){let a=this.root;for(;;){let b=a.children.reduce((a,b)=>null===a||aa(b)>aa(a)?b:a,null);if(!b||0===aa(b))return a;a=b}}#E(a){let b=c=>{a(c),c.children.forEach(b)};b(this.root)}}let ac=a=>a.every(a=>null===a)?null:a.reduce((a,b)=>a+(b??0),0),ad=a=>ac(a.members.map(a=>a.energy?.joules??null)),ae=a=>ac(a.members.map(a=>a.ownJoules));function af(a){let b=ac(a.members.map(a=>a.energy?.low??null)),c=ac(a.members.map(a=>a.energy?.high??null));return null===b||null===c||c<=b?null:[b,c]}let ag=a=>a.node?a.node.children.length>0:a.members.length>0,ah=a=>null===a.node&&null===a.parent,ai=(a,b)=>null!==a&&null!==b&&b>0?a/b:null,aj=a=>ai(ad(a),a.whole);function ak(a){let b=function(a){let b=a.parent;for(;b&&!b.node;)b=b.parent;return b}(a);return b&&ai(ad(a),ad(b))}let al=a=>a.members[0]?.energy?.source??null,am=[["name","Name","Module or primitive, and its class"],["share","Share","Share of the total; the solid part of the bar is the node's own energy"],["energy","Energy","Energy of the node and all below it"],["of-parent","Of parent","Share of the module that it is a part of"],["own","Own","Energy that no child explains"],["range","90 % interval","The energy lies within it nine times out of ten"],["source","Source","Where the number comes from"]];function an(a=am){let b=r("div","heading",{role:"row"});for(let[c,d,e]of a)b.append(r("div",c,{role:"columnheader",title:e},d));return b}let ao=(a,...b)=>r("div",a,{role:"gridcell"},...b);function ap(a){let b=[...new Set(a.map(O))],c=b.slice(0,2).map(a=>{let b=u(a.replaceAll("_"," "));return r("span","mark",{"data-code":u(a)},b)});return b.length>2&&c.push(r("span","mark",{},`+${b.length-2}`)),c}function aq(a,b){let c=ao("name",r("span","twisty",{"aria-hidden":"true"}),t(a.label,"label")),d=a.node||ah(a)?a.detail:`${function(a,b){let c=a.members.flatMap(a=>a.energy?[a.energy.joules]:[]);if(!c.length)return"";let d=D(Math.min(...c),b,a.whole),e=D(Math.max(...c),b,a.whole);return d===e?`${d} each`:`${d} to ${e} each`}(a,b)} \xb7 ${a.detail}`;return d&&c.append(t(d,"class")),c.append(...ap(a.members.flatMap(a=>a.flags))),c.title=u(a.node?`${a.node.path||a.label} (${a.detail})`:d),c}let ar=["order","energy"];class as{top;#F=new Map;#D=new Map;#G=new Map;#H=new Map;#I=new Set;#J=new X;#K;constructor(a,b="order"){this.#K=b;let c=[];a.root&&(this.#L(a.root,null,0),c.push(this.#M(a.root,null,a.root.energy?.joules??0))),a.notRun.forEach((a,b)=>this.#L(a,null,b+1)),a.notRun.length&&c.push({key:"not run",node:null,members:a.notRun,label:"Built but not run",detail:"not in the total",whole:0}),this.top=this.#g(c,null)}find(a){return this.#D.get(a)??null}nodes(){return this.#G.keys()}keyOf(a){return this.#G.get(a)??""}alike(a){let b=this.#H.get(a);return this.#J.alike(a).filter(a=>this.#H.get(a)===b)}hasChildren(a){return ag(a)}childrenOf(a){if(!a.children){let{node:b}=a,c=b?this.#J.fold(b).map(c=>this.#N(c,b,a.whole)):a.members.map(b=>this.#O(b,a));a.children=this.sorted(this.#g(c,a))}return a.children}chain(a){let b=[];for(let c=a;c;c=this.#F.get(c)??null)b.unshift(c);let c=[],d=this.top;for(let a of b){let b=d.find(b=>b.members.includes(a));if(b&&!b.node&&(c.push(b),b=this.childrenOf(b).find(b=>b.node===a)),!b)return[];c.push(b),d=this.childrenOf(b)}return c}hottest(){let a=this.top[0]??null;for(;a;){let b=this.childrenOf(a).reduce((a,b)=>null===a||(ad(b)??0)>(ad(a)??0)?b:a,null);if(!b||a.node&&(ae(a)??0)>(ad(b)??0))return a;a=b}return null}sort(a){this.#K=a;let b=a=>{a.children&&(this.sorted(a.children),a.children.forEach(b))};this.top.forEach(b)}sorted(a){return a.sort((a,b)=>"energy"===this.#K&&(ad(b)??-1)-(ad(a)??-1)||a.order-b.order)}expandTo(a){let b=c=>{c.expanded=ag(c)&&c.level<=a;let d=c.expanded?this.childrenOf(c):c.children;d?.forEach(b)};this.top.forEach(b)}expandAs(a){let b=new Set,c=a=>{a.expanded&&b.add(a.key),a.children?.forEach(c)};a.top.forEach(c);let d=a=>{b.has(a.key)&&ag(a)&&(a.expanded=!0,this.childrenOf(a).forEach(d))};this.top.forEach(d)}height(){let a=b=>Math.max(b.level,...this.childrenOf(b).map(a));return Math.max(0,...this.top.map(a))}#L(a,b,c){let d=`${c} ${a.path}`;for(;this.#I.has(d);)d+="'";for(let e of(this.#I.add(d),this.#G.set(a,d),this.#H.set(a,c),this.#F.set(a,b),this.#D.has(a.path)||this.#D.set(a.path,a),a.children))this.#L(e,a,c);this.#J.add(a)}#M(a,b,c){let d=W(a,b),e=d!==a.className?a.className:"ml"===a.type?"":a.type;return{key:this.keyOf(a),node:a,members:[a],label:d,detail:e,whole:c}}#O(a,b){let c=this.#F.get(a)??null,d=c?b.whole:a.energy?.joules??0;return this.#M(a,c?.path??null,d)}#N(a,b,c){let d,e=a[0];if(1===a.length)return this.#M(e,b.path,c);let f=a[a.length-1];return{key:`${this.keyOf(e)} and alike`,node:null,members:a,label:`${a.length} \xd7 ${e.className}`,detail:`${W(e,b.path)} … ${d=f.path,V.exec(d)?.[2]??""}`,whole:c}}#g(a,b){return a.map((a,c)=>({...a,parent:b,order:c,level:(b?.level??0)+1,outside:!!b&&(b.outside||ah(b)),expanded:!1,children:null}))}}let at=["tree","icicle"],au=[1,2,3,4];function av(a,b,c){let d=r("button","button",{type:"button",title:b},a);return d.addEventListener("click",c),d}function aw(a,b,c){let d=r("select","select",{"data-menu":a.toLowerCase()});for(let a of b)d.append(r("option","",{value:a},a));return d.addEventListener("change",()=>{let a=b.find(a=>a===d.value);a&&c(a)}),{element:r("label","menu",{},`${a} `,d),select:d}}let ax=()=>r("div","segments",{role:"group","aria-label":"Open levels"}),ay=()=>r("span","toolbar-label",{"aria-hidden":"true"},"Levels");function az(a,b,c){if(a.dataset.height===String(b))return;a.dataset.height=String(b);let d=(a,b,d)=>av(a,b,()=>c(d));a.replaceChildren(d("None","Close every row",0),...au.filter(a=>a<b-1).map(a=>d(String(a),`Open ${a} level${1===a?"":"s"}`,a)),d("All","Open every row",b))}class aA{element=r("div","toolbar",{role:"group","aria-label":"View"});search;status=r("p","status",{role:"status"});#P=ax();#Q=r("div","tools",{},ay(),this.#P);#R;#S;#T=new Map;#d;constructor(a){this.#d=a;let b=av("Follow the energy","Open the path to the node that spends the most",()=>a.followEnergy());b.classList.add("irene-primary"),this.search=this.#U();let c=aw("Sort",ar,b=>a.sort(b)),d=aw("Unit",v,b=>a.unit(b));this.#S=c.select,this.#R=d.select;let e=r("div","segments",{role:"group","aria-label":"Drawn as"});for(let b of at){let c=av("tree"===b?"Tree":"Icicle","tree"===b?"A table of rows that open":"Boxes as wide as their energy",()=>a.view(b));this.#T.set(b,c),e.append(c)}this.element.append(b,this.search,this.#Q,r("span","spring"),r("div","tools",{},c.element,d.element,e))}show(a){for(let[b,c]of(this.#R.value=a.unit,this.#S.value=a.sort,this.#Q.hidden="icicle"===a.view,this.#S.disabled="icicle"===a.view,this.#T))c.setAttribute("aria-pressed",String(b===a.view));az(this.#P,a.height,a=>this.#d.depth(a))}tell(a){this.status.textContent!==a&&(this.status.textContent=a)}#U(){let a=r("input","search",{type:"search",placeholder:"Search","aria-label":"Search modules by path or class",maxlength:"200",spellcheck:"false",autocomplete:"off"});return a.addEventListener("input",()=>this.#d.search(a.value)),a.addEventListener("keydown",b=>{"Enter"===b.key||"ArrowDown"===b.key?(b.preventDefault(),this.#d.toMatches()):"Escape"===b.key&&a.value&&(b.preventDefault(),b.stopPropagation(),a.value="",this.#d.search(""))}),a}}let aB=a=>"object"==typeof a&&null!==a&&!Array.isArray(a),aC=a=>aB(a)?a:{},aD=a=>Array.isArray(a)?a:[],aE=a=>"string"==typeof a?a:"",aF=a=>aD(a).map(aE).filter(Boolean),aG=a=>"number"==typeof a&&Number.isFinite(a)?a:null;function aH(a){let b=aC(a),c=new Map,d=[b.root];for(;d.length;){let a=d.pop();if(!aB(a))continue;let b=aG(aC(a.energy).joules);null!==b&&c.set(aE(a.path),b),d.push(...aD(a.children))}return{phase:aE(b.phase),model:aE(b.model),calls:((a,b=0)=>aG(a)??b)(b.calls,1),tokens:((a,b=0)=>aG(a)??b)(b.tokens),seconds:aG(b.seconds),joules:((a,b=0)=>aG(a)??b)(b.joules),joulesAt:c}}function aI(a){let b=aC(a);return{name:aE(b.name),kind:aE(b.kind),seconds:aG(b.seconds),joules:aG(b.joules)}}function aJ(a){let b=aC(a);return{name:aE(b.name),joules:aG(b.joules),used:!0===b.used,reason:aE(b.reason)||null}}class aK extends Error{}let aL={numParameters:0,flops:0,bytes:0,calls:1,inputShapes:[],outputShapes:[],dtype:null,device:null,latencySeconds:null,operation:null,resources:[]};function aM(a,b,c=null){var d,e,f,g,h;let i,j,k,l;if(!aB(a))throw new aK("a node is not an object");if(b>256)throw new aK("the tree is deeper than 256 levels");let m=aB(a.energy)?a.energy:null,n=((a,b=0)=>aG(a)??b)(m?.joules);return{path:aE(a.path),type:aE(a.type),className:aE(a.class_name),primitive:(aE(a.primitive)||null)??c?.primitive??null,energy:m&&{joules:n,low:((a,b=0)=>aG(a)??b)(m.low,n),high:((a,b=0)=>aG(a)??b)(m.high,n),source:aE(m.source)},ownJoules:(d=a.own_joules,null!==(i=aG(d))&&i<1e-9*n?0:i),features:(g=a.features,h=c?.features??aL,k=aC(g),l=(a,b)=>a in k?aD(k[a]).map(a=>{let b=aD(a).map(a=>((a,b=0)=>aG(a)??b)(a));return b.length?b.join(" \xd7 "):"scalar"}):b,{numParameters:((a,b=0)=>aG(a)??b)(k.num_parameters,h.numParameters),flops:((a,b=0)=>aG(a)??b)(k.flops,h.flops),bytes:((a,b=0)=>aG(a)??b)(k.bytes,h.bytes),calls:((a,b=0)=>aG(a)??b)(k.calls,h.calls),inputShapes:l("input_shapes",h.inputShapes),outputShapes:l("output_shapes",h.outputShapes),dtype:(aE(k.dtype)||null)??h.dtype,device:(aE(k.device)||null)??h.device,latencySeconds:aG(k.latency_seconds)??h.latencySeconds,operation:(aE(k.operation)||null)??h.operation,resources:aB(k.resources)?Object.entries(k.resources).map(([a,b])=>[a,((a,b=0)=>aG(a)??b)(b)]):h.resources}),flags:aF(a.flags),children:(e=a.children,f=b+1,j=new Map,aD(e).map((a,b)=>{let d=aB(a)&&"string"==typeof a.like?a.like:null,e=aM(a,f,(null===d?c?.children[b]:j.get(d))??null);return j.has(e.path)||j.set(e.path,e),e}))}}function aN(a){let b=aC(a);return{model:aE(b.model),phase:aE(b.phase)||null,status:aE(b.status),calls:((a,b=0)=>aG(a)??b)(b.calls,1),seconds:aG(b.seconds),batchSize:aG(b.batch_size),seqLen:aG(b.seq_len),joules:aG(b.joules)}}function aO(a){var b,c,d;let e;if(!aB(a)||"irene.energy"!==a.kind)throw new aK("this is not an energy report");if(1!==a.schema_version)throw new aK(`the report has schema version ${String(a.schema_version)}, this view reads version 1; update irene-jupyter`);let f=aC(a.device);return{mode:aE(a.mode),root:null==a.root?null:aM(a.root,0),notRun:aD(a.not_run).map(a=>aM(a,0)),runs:aD(a.runs).map(aN),phases:aD(a.phases).map(aH),device:{label:aE(f.label)||aE(f.name),kind:aE(f.kind)},...(e=aB((b=a).measured)?b.measured:null,{parts:aD(b.parts).map(aI),measured:e&&{joules:aG(e.joules),scope:aE(e.scope),reason:aE(e.reason)||null,counters:aD(e.counters).map(aJ)},observer:aB(c=b.observer)?{stages:Object.entries(aC(c.stages)).map(([a,b])=>[a,((a,b=0)=>aG(a)??b)(b)]),duringSeconds:((a,b=0)=>aG(a)??b)(c.during_seconds),percent:aG(c.percent)}:null,resources:aB(d=b.resources)?{seconds:aG(d.duration_seconds),cpuPercent:aG(d.cpu_percent),memoryPercent:aG(d.memory_percent_mean),memoryPercentMost:aG(d.memory_percent_max),gpus:aD(d.gpus).map(a=>{let b=aC(a);return{name:aE(b.name)||"GPU",percent:aG(b.utilisation_percent),watts:aG(b.watts)}}),overheadSeconds:aG(d.overhead_seconds),notes:aF(d.notes)}:null}),notes:aF(a.notes)}}let aP=["path","depth","type","class_name","primitive","calls","joules","low","high","source","share_of_root","share_of_parent","own_joules","flops","bytes","num_parameters","latency_seconds","flags"];function aQ(a){if(null===a)return"";if("number"==typeof a)return String(a);let b=/^[=+\-@\t\r]/.test(a)?`'${a}`:a;return/[",\r\n]/.test(b)?`"${b.replaceAll('"','""')}"`:b}function aR(a){let b=[aP],c=a.root?.energy?.joules??null,d=(a,b)=>null!==a&&b?a/b:null,e=(a,f,g)=>{let{energy:h,features:i}=a,j=h?.joules??null;for(let k of(b.push([a.path,f,a.type,a.className,a.primitive,i.calls,j,h?.low??null,h?.high??null,h?.source??null,d(j,c),d(j,g),a.ownJoules,i.flops,i.bytes,i.numParameters,i.latencySeconds,a.flags.join("; ")]),a.children))e(k,f+1,j)};return a.root&&e(a.root,0,null),b.map(a=>`${a.map(aQ).join(",")}\r
`).join("")}async function aS(a){try{return await navigator.clipboard.writeText(a),!0}catch{let b=document.createElement("textarea");b.value=a;let c=document.activeElement;document.body.append(b),b.select();let d=document.execCommand("copy");return b.remove(),c instanceof HTMLElement&&c.focus({preventScroll:!0}),d}}function aT(a,b,c){let d=r("tr","");for(let a of b)d.append(r("th","",{scope:"col"},a));let e=r("tbody","");for(let a of c){let b=r("tr","");a.forEach((a,c)=>b.append(c?r("td","",{},a):r("th","",{scope:"row"},t(a,"table-name")))),e.append(b)}let f=r("table","table",{"aria-label":a},r("thead","",{},d),e);return r("div","table-slot",{role:"group","aria-label":a,tabindex:"0"},f)}function aU(a){a.x0=Math.round(a.x0),a.y0=Math.round(a.y0),a.x1=Math.round(a.x1),a.y1=Math.round(a.y1)}function aV(a){var b=0,c=a.children,d=c&&c.length;if(d)for(;--d>=0;)b+=c[d].value;else b=1;a.value=b}function aW(a,b){a instanceof Map?(a=[void 0,a],void 0===b&&(b=aY)):void 0===b&&(b=aX);for(var c,d,e,f,g,h=new a_(a),i=[h];c=i.pop();)if((e=b(c.data))&&(g=(e=Array.from(e)).length))for(c.children=e,f=g-1;f>=0;--f)i.push(d=e[f]=new a_(e[f])),d.parent=c,d.depth=c.depth+1;return h.eachBefore(a$)}function aX(a){return a.children}function aY(a){return Array.isArray(a)?a[1]:null}function aZ(a){void 0!==a.data.value&&(a.value=a.data.value),a.data=a.data.data}function a$(a){var b=0;do a.height=b;while((a=a.parent)&&a.height<++b)}function a_(a){this.data=a,this.depth=this.height=0,this.parent=null}function a0(a,b){let c=(function(){var a=1,b=1,c=0,d=!1;function e(e){var f,g,h=e.height+1;return e.x0=e.y0=c,e.x1=a,e.y1=b/h,e.eachBefore((f=b,g=h,function(a){a.children&&function(a,b,c,d,e){for(var f,g=a.children,h=-1,i=g.length,j=a.value&&(d-b)/a.value;++h<i;)(f=g[h]).y0=c,f.y1=e,f.x0=b,f.x1=b+=f.value*j}(a,a.x0,f*(a.depth+1)/g,a.x1,f*(a.depth+2)/g);var b=a.x0,d=a.y0,e=a.x1-c,h=a.y1-c;e<b&&(b=e=(b+e)/2),h<d&&(d=h=(d+h)/2),a.x0=b,a.y0=d,a.x1=e,a.y1=h})),d&&e.eachBefore(aU),e}return e.round=function(a){return arguments.length?(d=!!a,e):d},e.size=function(c){return arguments.length?(a=+c[0],b=+c[1],e):[a,b]},e.padding=function(a){return arguments.length?(c=+a,e):c},e})()(aW(a,a=>a.children).sum(a=>{let b=a.children.reduce((a,b)=>a+(b.energy?.joules??0),0);return Math.max(0,(a.energy?.joules??0)-b)})),d=[],e=(a,f)=>{let[g,h]=(c.value??0)>0?[a.x0,a.x1]:[0,+!f];if(h-g<b)return;let i={node:a.data,parent:f,level:a.depth,left:g,right:h};for(let b of(d.push(i),a.children??[]))e(b,i)};return e(c,null),d}a_.prototype=aW.prototype={constructor:a_,count:function(){return this.eachAfter(aV)},each:function(a,b){let c=-1;for(let d of this)a.call(b,d,++c,this);return this},eachAfter:function(a,b){for(var c,d,e,f=this,g=[f],h=[],i=-1;f=g.pop();)if(h.push(f),c=f.children)for(d=0,e=c.length;d<e;++d)g.push(c[d]);for(;f=h.pop();)a.call(b,f,++i,this);return this},eachBefore:function(a,b){for(var c,d,e=this,f=[e],g=-1;e=f.pop();)if(a.call(b,e,++g,this),c=e.children)for(d=c.length-1;d>=0;--d)f.push(c[d]);return this},find:function(a,b){let c=-1;for(let d of this)if(a.call(b,d,++c,this))return d},sum:function(a){return this.eachAfter(function(b){for(var c=+a(b.data)||0,d=b.children,e=d&&d.length;--e>=0;)c+=d[e].value;b.value=c})},sort:function(a){return this.eachBefore(function(b){b.children&&b.children.sort(a)})},path:function(a){for(var b=this,c=function(a,b){if(a===b)return a;var c=a.ancestors(),d=b.ancestors(),e=null;for(a=c.pop(),b=d.pop();a===b;)e=a,a=c.pop(),b=d.pop();return e}(b,a),d=[b];b!==c;)d.push(b=b.parent);for(var e=d.length;a!==c;)d.splice(e,0,a),a=a.parent;return d},ancestors:function(){for(var a=this,b=[a];a=a.parent;)b.push(a);return b},descendants:function(){return Array.from(this)},leaves:function(){var a=[];return this.eachBefore(function(b){b.children||a.push(b)}),a},links:function(){var a=this,b=[];return a.each(function(c){c!==a&&b.push({source:c.parent,target:c})}),b},copy:function(){return aW(this).eachBefore(aZ)},[Symbol.iterator]:function*(){var a,b,c,d,e=this,f=[e];do for(a=f.reverse(),f=[];e=a.pop();)if(yield e,b=e.children)for(c=0,d=b.length;c<d;++c)f.push(b[c]);while(f.length)}};let a1=a=>a.reduce((a,b)=>Math.max(a,b.level+1),0),a2=[[255,245,235],[254,230,206],[253,208,162],[253,174,107],[253,141,60],[241,105,19],[217,72,1],[166,54,3],[127,39,4]];function a3(a){let b=Math.sqrt(Math.min(1,Math.max(0,a??0)))*(a2.length-1),c=Math.min(Math.floor(b),a2.length-2),[d,e]=[a2[c],a2[c+1]],f=d.map((a,d)=>Math.round(a+(e[d]-a)*(b-c))),g=function(a){let[b,c,d]=a.map(a=>{let b=a/255;return b<=.04045?b/12.92:((b+.055)/1.055)**2.4});return .2126*b+.7152*c+.0722*d}(f);return{fill:`rgb(${f.join(", ")})`,ink:1.05/(g+.05)>(g+.05)/.05?"#ffffff":"#000000"}}let a4=1/1500;class a5{element;#V=r("div","crumbs");#W=r("div","boxes",{role:"tree","aria-label":"Energy by module"});#v;#X=new WeakMap;#Y=new Map;#Z=null;#$=null;constructor(a){this.#v=a,this.element=r("div","icicle",{},this.#V,this.#W),this.#W.addEventListener("click",a=>{let b=this.#_(a);b&&(this.#aa(b.node),this.#v(b.node))}),this.#W.addEventListener("dblclick",a=>{let b=this.#_(a);b&&this.#ab(b.node)}),this.#W.addEventListener("keydown",a=>{let b=this.#_(a);b&&J(a)&&this.#w(b,a.key)&&a.preventDefault()})}draw(a){this.#Z=a;let b=this.#W.contains(document.activeElement),c=null===this.#$?[]:a6(a.root,this.#$),d=c.at(-1)??a.root;d===a.root&&(this.#$=null);let e=a0(d,a4);this.#ac(c),this.#Y.clear();let f=e.map(b=>this.#ad(b,a));this.#W.style.height=`${32*a1(e)}px`,this.#W.replaceChildren(...f);let g=(a.selected&&this.#Y.get(a.selected))??this.#Y.get(d);g&&(g.tabIndex=0,b&&g.focus({preventScroll:!0}))}reveal(a){!this.#Z||this.#Y.has(a)||(this.#$=null,this.draw(this.#Z))}#ad(a,{root:b,selected:c,unit:d}){let{node:e}=a,f=b.energy?.joules??0,g=e.energy?.joules??null,h=null!==g&&f>0?g/f:null,i=W(e,a.parent?.node.path??null),j=`${C(h)}, ${D(g,"%"===d?"J":d,f)}`,k=[...new Set(e.flags.map(O))].join(", "),l=`${u(e.path||i)}, ${u(e.className)}, ${j}`,m=r("div","box",{role:"treeitem",tabindex:"-1","aria-level":String(a.level+1),"aria-selected":String(e===c),"aria-label":k?`${l}; ${u(k)}`:l,title:k?`${l}
⚠ ${u(k)}`:l}),{fill:n,ink:o}=a3(h),{style:p}=m;p.left=`${(100*a.left).toFixed(4)}%`,p.width=`${(100*(a.right-a.left)).toFixed(4)}%`,p.top=`${32*a.level}px`,p.background=n,p.color=o,k&&(m.dataset.flagged=""),a.right-a.left>=.03&&m.append(t(k?`⚠ ${i}`:i,"box-name"));let q=C(h);return a.right-a.left>=.008*(i.length+q.length+3)&&m.append(r("span","box-share",{},q)),this.#X.set(m,a),this.#Y.set(e,m),m}#ac(a){a.length<2?this.#V.replaceChildren(r("span","crumb-hint",{},"Double-click or press Enter to zoom in")):this.#V.replaceChildren(...a.map((b,c)=>{let d=W(b,a[c-1]?.path??null),e=r("button","crumb",{type:"button",...c===a.length-1?{"aria-current":"true"}:{}},t(d,""));return e.addEventListener("click",()=>this.#ab(b)),e}))}#ab(a){if(!this.#Z)return;let b=!a.children.length,c=b?this.#X.get(this.#Y.get(a)??this.element)?.parent:null;this.#$=(b?c?.node:a)?.path??null,this.draw(this.#Z),this.#aa(this.#Y.has(a)?a:null)}#_(a){let b=a.target?.closest(".irene-box");return(b&&this.#X.get(b))??null}#aa(a){let b=a&&this.#Y.get(a);if(!b)return!1;for(let a of this.#W.querySelectorAll('[tabindex="0"]'))a.setAttribute("tabindex","-1");return b.tabIndex=0,b.focus({preventScroll:!0}),b.scrollIntoView({block:"nearest"}),!0}#w(a,b){let c=b=>{let c=(a.parent?.node.children??[]).filter(a=>this.#Y.has(a));return c[c.indexOf(a.node)+b]};switch(b){case"ArrowDown":return this.#aa(a.node.children.find(a=>this.#Y.has(a)))||!0;case"ArrowUp":return this.#aa(a.parent?.node)||!0;case"ArrowRight":return this.#aa(c(1))||!0;case"ArrowLeft":return this.#aa(c(-1))||!0;case"Home":return this.#ab(this.#Z?.root??a.node),!0;case"Enter":return a.node===this.#Z?.selected?this.#ab(a.node):this.#v(a.node),!0;case" ":return this.#v(a.node),!0;case"Backspace":{let a=(this.#Z&&null!==this.#$?a6(this.#Z.root,this.#$):[]).at(-2);return a&&this.#ab(a),!0}default:return!1}}}function a6(a,b){if(a.path===b)return[a];for(let c of a.children){let d=a6(c,b);if(d.length)return[a,...d]}return[]}let a7="http://www.w3.org/2000/svg",a8=.5/1200;function a9(a,b,c){let d=document.createElementNS(a7,a);for(let[a,c]of Object.entries(b))d.setAttribute(a,String(c));return void 0!==c&&(d.textContent=c),d}function ba(a,b){let c=Math.floor((b-10)/6.4);return a.length<=c?a:c>=4?`${a.slice(0,c-1)}…`:""}let bb=a=>u(a).replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g," ");function bc(a){let{root:b}=a;if(!b)return"";let c=b.energy?.joules??0,d=a0(b,a8),e=58+26*a1(d)+16,f=`${bb(b.className)}: ${D(b.energy?.joules??null,"J",c)}`,g=a9("svg",{xmlns:a7,viewBox:`0 0 1200 ${e}`,width:1200,height:e,role:"img","font-family":"system-ui, sans-serif","font-size":12});for(let{node:b,parent:h,level:i,left:j,right:k}of(g.append(a9("title",{},f),a9("rect",{width:1200,height:e,fill:"#ffffff"}),a9("text",{x:16,y:26,"font-size":18,"font-weight":600,fill:"#222222"},f),a9("text",{x:16,y:45,fill:"#555555"},bb(P(a)))),d)){let a=b.energy?.joules??null,d=null!==a&&c>0?a/c:null,{fill:e,ink:f}=a3(d),l=16+1168*j,m=(k-j)*1168,n=58+26*i,o=bb(W(b,h?.node.path??null)),p=a9("g",{});p.append(a9("title",{},`${bb(b.path||o)} (${bb(b.className)}): ${D(a,"J",c)}, ${C(d)}`),a9("rect",{x:l,y:n,width:m,height:26,fill:e,stroke:"#ffffff","stroke-width":1}));let q=ba(`${o}  ${C(d)}`,m)||ba(o,m);q&&p.append(a9("text",{x:l+5,y:n+17,fill:f},q)),g.append(p)}return new XMLSerializer().serializeToString(g)}let bd=new WeakMap;class be{#ae;#af=r("div","head-slot");#ag=r("div","foot-slot");#ah=r("div","detail",{role:"group","aria-label":"Selected node"});#ai=r("div","panes");#aj;#ak;#al;#am;#an;#i;#ao;#ap=null;#aq=null;#ar="";#K="order";#as;#a;constructor(a,b,c,d){var e;let f,g;this.#ae=d,this.#am=b,this.#an=c,this.#as=d.unit??"J",this.#a=d.view??"tree",this.#i=new as(b),this.#ao=this.#i.height(),this.#i.expandTo(d.expandedDepth??2),this.#ap=this.#at(d.selected??""),this.#aj=new aA({followEnergy:()=>this.#au(),search:a=>this.#av(a),toMatches:()=>this.#aw(),depth:a=>{this.setDepth(a),d.onDepth?.(a)},sort:a=>{this.#K=a,this.#i.sort(a),this.#ax()},unit:a=>{a!==this.#as&&(this.setUnit(a),d.onUnit?.(a))},view:a=>this.#ay(a)}),this.#ak=new K("Energy by module",an(),this.#i,{cells:(a,b)=>(function(a,b,c){let d;if(b.dataset.kind=ah(a)?"section":a.node?.type??"group",b.toggleAttribute("data-outside",a.outside),ah(a))return[aq(a,c)];let e=al(a);b.dataset.source=e??"";let f=ad(a),g=ae(a);return[aq(a,c),function(a,b,c){let d=r("span","percent",{},C(a));if(null===a)return ao("share",d);let e=r("span","bar",{"aria-hidden":"true"},r("span","fill")),f=Math.min(1,a);return e.style.setProperty("--share",String(f)),e.style.setProperty("--heat-at",`${(100*Math.sqrt(f)).toFixed(1)}%`),e.style.setProperty("--own",String(c>0?Math.min(1,b/c):0)),ao("share",e,d)}(aj(a),g??0,f??0),ao("energy",D(f,c,a.whole)),ao("of-parent",C(ak(a))),ao("own",ag(a)?D(g,c,a.whole):""),ao("range",(d=af(a))&&null!==f?E(...d,f,c,a.whole):"–"),ao("source",e?r("span","badge",{"data-source":e},u(e)):null)]})(a,b,this.#as),isSelected:a=>a.node?a.key===this.#ap?.key:null,choose:a=>this.#v(a),key:(a,b)=>this.#m(a,b)}),this.#al=new a5(a=>{let b=this.#i.chain(a).at(-1);b&&this.#v(b)}),a.replaceChildren(this.#af,this.#aj.element,this.#aj.status,this.#ai,this.#ag,(e=()=>({report:this.#am,data:this.#an}),f=r("div","saving",{role:"group","aria-label":"Save the report"},"Save as "),(g=(a,b,c,d)=>f.append(av(a,b,()=>{var b,f,g;let h,i,j,{report:k,data:l}=e();b=a.toLowerCase(),h=k.root?.className??k.notRun[0]?.className??"",f=`${h.replace(/[^A-Za-z0-9_-]+/g,"_").slice(0,60)||"report"}.${b}`,g=d(k,l),i=URL.createObjectURL(new Blob([g],{type:c})),(j=document.createElement("a")).href=i,j.download=f,j.click(),setTimeout(()=>URL.revokeObjectURL(i),1e4)})))("JSON","The whole report","application/json",(a,b)=>JSON.stringify(b)),g("CSV","One line for each node","text/csv",aR),g("SVG","The icicle as a picture","image/svg+xml",bc),f)),this.#az(),this.#ap&&this.#ak.moveTo(this.#ap)}update(a,b){let c=this.#i,d=this.#ap?.node?.path??"";this.#am=a,this.#an=b,this.#i=new as(a,this.#K),this.#i.expandAs(c),this.#ao=this.#i.height(),this.#ap=this.#aA(d)??this.#aA(""),this.#az()}select(a){if(this.#ap?.node?.path===a)return!0;this.#ar&&this.#aB();let b=this.#aC(a);return!!b&&(this.#aD(b),"tree"===this.#a&&this.#ak.moveTo(b),!0)}expandTo(a){return null!==this.#aC(a)}setDepth(a){this.#ar&&this.#aB(),this.#i.expandTo(a),this.#ak.draw()}setUnit(a){a!==this.#as&&(this.#as=a,this.#az())}setView(a){a!==this.#a&&(this.#a=a,this.#ap?.node&&this.#at(this.#ap.node.path),this.#az(),"tree"===a&&this.#ap&&this.#ak.moveTo(this.#ap))}#az(){let a=function(a){let b=a.phases.map(a=>[`${a.model} ${a.phase}`,a.calls.toLocaleString("en"),a.tokens.toLocaleString("en"),N(a.seconds),M(a.joules),M(a.tokens?a.joules/a.tokens:null),N(a.tokens&&null!==a.seconds?a.seconds/a.tokens:null)]),c=function(a){let{parts:b}=a,c=null!==a.measured&&null!==a.measured.joules,d=b.every(a=>"model"===a.kind||"rest"===a.kind);if(!a.root||!b.length||!c&&d)return[];let e=a=>a.reduce((a,b)=>a+(b??0),0);return[...b.map(a=>[a.name+("model"===a.kind?" (forward)":""),N(a.seconds),null===a.joules?"not measured":M(a.joules)]),["The whole cell",N(e(b.map(a=>a.seconds))),c?M(e(b.map(a=>a.joules))):"–"]]}(a),d=[function(a){let{measured:b}=a;if(!b||!a.root)return"";if(null===b.joules){let a=b.counters.map(a=>a.reason?.split(";")[0]??"").filter(Boolean).join("; ")||b.reason||"",c=a&&` (${a})`;return`No energy was measured here${c}; \`irene-jupyter doctor\` tells more`}let c=b.counters.map(a=>a.used?`${a.name} ${M(a.joules)}`:`${a.name} not counted: ${a.reason??""}`);return`Energy counters here: ${c.join("; ")}`}(a),function(a){let b=a.resources;if(!b||!a.root)return"";let c=a=>`${Math.round(a)} %`,d=[];if(null!==b.seconds&&d.push(y(b.seconds,"s",z)),null!==b.cpuPercent&&d.push(`CPU ${c(b.cpuPercent)}`),null!==b.memoryPercent){let a=b.memoryPercentMost,e=null===a?"":` (most ${c(a)})`;d.push(`memory ${c(b.memoryPercent)}${e}`)}for(let a of b.gpus.slice(0,8)){let b=null===a.percent?"":` ${c(a.percent)}`;d.push(`${a.name}${b}${null===a.watts?"":` ${Math.round(a.watts)} W`}`)}return null!==b.overheadSeconds&&d.push(`sampling took ${y(b.overheadSeconds,"s",z)}`),d.push(...b.notes),d.length?`This machine meanwhile: ${d.join(", ")}`:""}(a),function(a){let b=a.observer;if(!b||!a.root)return"";let c=b.stages.filter(([,a])=>a>0).map(([a,b])=>`${a} ${y(b,"s",z)}`).join(", "),d=null===b.percent?"":` (${C(b.percent/100)})`,e=y(b.duringSeconds,"s",z);return`Watching added ${e}${d} to the cell`+(c&&`; in all: ${c}`)}(a)].filter(Boolean);if(!b.length&&!c.length&&!d.length)return null;let e=r("div","foot");for(let a of(b.length&&e.append(aT("Phases of generation",T,b)),c.length&&e.append(aT("Parts of the cell",S,c)),d))e.append(r("p","line",{},t(a,"")));return e}(this.#am);this.#af.replaceChildren(function(a,b){let c,d,e,f,g=r("div","head");g.append((c=a.root?.energy??null,d=c?.joules??0,e="%"===b?"J":b,r("p","total",{},r("strong","total-value",{},c?D(d,e,d):"Nothing ran"),c&&c.high>c.low?r("span","interval",{},`90 % interval ${E(c.low,c.high,d,e,d)}`):null)),r("p","provenance",{},t(P(a),"")));let h=(f=new Set(a.phases.map(a=>JSON.stringify([a.model,a.phase]))),a.runs.filter(a=>"run"!==a.status||!f.has(JSON.stringify([a.model,a.phase]))));if(h.length){let c=a.root?.energy?.joules??0,d=r("ul","runs",{"aria-label":"Runs"}),e="%"===b?"J":b;for(let a of h.slice(0,6))d.append(function(a,b,c){let d=[a.phase,"run"===a.status?`${a.calls.toLocaleString("en")} call${1===a.calls?"":"s"}`:null,"not_run"===a.status?"not run":null,"incomplete"===a.status?"incomplete":null,null===a.batchSize?null:`batch ${a.batchSize}`,null===a.seqLen||1===a.seqLen?null:`length ${a.seqLen}`,null===a.seconds?null:y(a.seconds,"s",z),null===a.joules?null:D(a.joules,b,c),null===a.joules||a.calls<2?null:`${D(a.joules/a.calls,b,c)} per call`],e=r("li","run",{},t(a.model,"run-model"));for(let a of d)a&&e.append(r("span","fact",{},a));return e}(a,e,c));let f=h.length-6;f>0&&d.append(r("li","run",{},`and ${f} more`)),g.append(d)}let i=U(R(a));return i&&g.append(i),g}(this.#am,this.#as)),this.#ag.replaceChildren(...a?[a]:[]),this.#aj.show({unit:this.#as,sort:this.#K,view:this.#a,height:this.#ao});let b="tree"===this.#a?this.#ak.element:this.#al.element;this.#ai.firstElementChild!==b&&this.#ai.replaceChildren(b,this.#ah),this.#aE(),this.#aF()}#aE(){if("tree"===this.#a)return void this.#ax();let a=this.#ap?.node??null,b=(a&&this.#am.notRun.find(b=>bf(b,a)))??this.#am.root??this.#am.notRun[0];b&&this.#al.draw({root:b,selected:a,unit:this.#as})}#ax(){this.#aq=this.#ar?function(a,b){let c=b.toLowerCase().split(/\s+/).filter(Boolean),d=0,e=[];for(let b of a.nodes())c.every(a=>(function(a){let b=bd.get(a);return void 0===b&&(b=`${a.path}
${a.className}
${a.primitive??""}`.toLowerCase(),bd.set(a,b)),b})(b).includes(a))&&++d<=200&&e.push(a.chain(b));let f=new Map,g=[],h=e[0]?.at(-1);for(let a of e){let b=null;for(let c of a){let a=f.get(c);!a&&(a={...c,parent:b,expanded:!1,children:null},f.set(c,a),b?(b.children??=[]).push(a):g.push(a),b&&(b.expanded=!0)),b=a}}for(let b of f.values())b.children&&a.sorted(b.children);return{matches:d,first:(h&&f.get(h))??null,top:g,childrenOf:b=>a.childrenOf(b),hasChildren:b=>ah(b)||a.hasChildren(b)}}(this.#i,this.#ar):null;let a=this.#aq;if(this.#ak.show(a??this.#i),!a)return;let b=a.matches.toLocaleString("en");this.#aj.tell(a.matches>200?`${b} nodes match; the first 200 are shown`:`${b} node${1===a.matches?"":"s"} match${1===a.matches?"es":""}`)}#aF(){let a=this.#ap;if(!a)return void this.#ah.replaceChildren(r("p","hint",{},"Select a row to see its details."));let b=av("Copy row","Copy this row to the clipboard (Ctrl+C in the tree)",()=>this.#aG(a));this.#ah.replaceChildren(function(a,b,c,d){let e=document.createDocumentFragment(),f=a.node;if(!f)return e;if(e.append(r("h3","detail-title",{},t(f.className,"detail-class"))),f.path&&e.append(r("p","detail-path",{},t(f.path,"path"))),a.outside&&e.append(r("p","detail-outside",{},"Not in the total")),f.flags.length){let a=r("ul","flags",{"aria-label":"Flags"});for(let b of f.flags)a.append(r("li","note",{},t(b,"")));e.append(a)}let g="%"===d?"J":d,h=[["Type",f.type]];f.primitive&&h.push(["Primitive",f.primitive]),f.features.operation&&h.push(["Operation",f.features.operation]);let i=r("dl","facts");for(let[d,e]of[...function(a,b,c,d){let e=[],{energy:f}=a;if(!f)return[["Energy","unknown"]];e.push(["Energy",D(f.joules,d,b.whole)]);let g=af(b);g&&e.push(["90 % interval",E(...g,f.joules,d,b.whole)]);let h=aj(b);null!==h&&e.push([b.outside?"Share of its model":"Share of total",C(h)]);let i=ak(b);null!==i&&e.push(["Share of parent",C(i)]);let j=ae(b);a.children.length&&null!==j&&e.push(["Own energy",D(j,d,b.whole)]);let k=function(a,b,c,d){let e=c.alike(a);if(e.length<2)return null;let f=e.reduce((a,b)=>a+(b.energy?.joules??0),0),g=b.whole>0?` (${C(f/b.whole)})`:"";return`${e.length}, together ${D(f,d,b.whole)}${g}`}(a,b,c,d);return k&&e.push(["Alike nodes",k]),e.push(["Source",f.source]),e}(f,a,c,g),...a.outside?[]:b.phases.flatMap(b=>{let c=b.joulesAt.get(f.path);if(void 0===c)return[];let d=f.energy?.joules??0,e=d>0?` (${C(Math.min(1,c/d))})`:"";return[[`In ${b.phase}`,D(c,g,a.whole)+e]]}),...function(a){let{features:b}=a,c=[["Calls",b.calls.toLocaleString("en")]],d=(a,b)=>{b&&c.push([a,b])};for(let[a,c]of(null!==b.latencySeconds&&d("Latency",y(b.latencySeconds,"s",z)),b.flops&&d("Compute",y(b.flops,"FLOP",A)),b.bytes&&d("Memory traffic",y(b.bytes,"B",B)),b.flops&&b.bytes&&d("Arithmetic intensity",`${w(b.flops/b.bytes)} FLOP/B`),b.numParameters&&d("Parameters",b.numParameters.toLocaleString("en")),d("Inputs",b.inputShapes.join(", ")),d("Outputs",b.outputShapes.join(", ")),d("Data type",b.dtype),d("Ran on",b.device),b.resources))d(a.replaceAll("_"," "),w(c));return c}(f),...h])i.append(r("dt","",{},d),r("dd","",{},t(s(e),"")));return e.append(i),e}(a,this.#am,this.#i,this.#as),r("p","actions",{},b))}#aA(a){let b=this.#i.find(a);return(b&&this.#i.chain(b).at(-1))??null}#at(a){let b=this.#i.find(a),c=b?this.#i.chain(b):[];for(let a of c.slice(0,-1))a.expanded=!0;return c.at(-1)??null}#aC(a){let b=this.#i.find(a),c=b?this.#i.chain(b):[];for(let a of c.slice(0,-1))this.#ak.expand(a);return b&&this.#al.reveal(b),c.at(-1)??null}#aD(a){let b=this.#ap;this.#ap=a,"tree"===this.#a?(this.#ak.mark(b),this.#ak.mark(a)):this.#aE(),this.#aF()}#v(a){a.node&&a.key!==this.#ap?.key&&(this.#aD(a),this.#ae.onSelect?.(a.node.path))}#au(){let a=this.#i.hottest();a?.node&&(this.#ar&&this.#aB(),this.#aC(a.node.path),this.#v(a),"tree"===this.#a&&this.#ak.focus(a),this.#aj.tell(this.#aH(a)))}#aH(a){let b=a.node;if(!b)return"";let c="%"===this.#as?"J":this.#as,d=D(ad(a),c,a.whole),e=this.#i.alike(b),f=e.reduce((a,b)=>a+(b.energy?.joules??0),0),g=e.length>1&&a.whole>0?`; the ${e.length} alike take ${C(f/a.whole)}`:"",h=b.path?`${a.node?.path} (${b.className})`:b.className;return`Most is spent in ${h}: ${d}, ${C(aj(a))}${g}`}#ay(a){a!==this.#a&&(this.setView(a),this.#ae.onView?.(a))}#av(a){a&&"tree"!==this.#a&&this.#ay("tree"),this.#ar=a.trim(),this.#ar||this.#aj.tell(""),this.#ax(),!this.#ar&&this.#ap?.node&&(this.#aC(this.#ap.node.path),this.#ak.moveTo(this.#ap))}#aB(){this.#aj.search.value="",this.#av("")}#aw(){this.#aq?this.#aq.first&&(this.#ak.focus(this.#aq.first),this.#v(this.#aq.first)):this.#ak.focus(this.#ak.current)}#m(a,b){return"/"!==b.key||b.ctrlKey||b.metaKey||b.altKey?!(!((b.ctrlKey||b.metaKey)&&"c"===b.key.toLowerCase())||String(getSelection()??""))&&(b.stopPropagation(),this.#aG(a),!0):(this.#aj.search.focus(),!0)}#aG(a){let b,c;aS((b=a.node&&a.node.path||a.label,c=ad(a),[b,a.node?a.node.className:a.detail,C(aj(a)),null===c?"unknown":`${c} J`,`${C(ak(a))} of parent`,al(a)??""].map(a=>a.replace(/[\t\r\n]+/g," ")).join("	"))).then(a=>this.#aj.tell(a?"The row is on the clipboard":"The browser does not let us copy"))}}let bf=(a,b)=>a===b||a.children.some(a=>bf(a,b));function bg(a,b){let c=r("div","tree",{role:"group","aria-label":b});return c.addEventListener("keydown",a=>{J(a)&&a.stopPropagation()}),a.replaceChildren(c),c}function bh(a){try{let b=aO(a);if(b.root||b.notRun.length)return b;return[r("p","empty",{},"No model was built or run here, so there is no energy to show."),...b.notes.map(a=>r("p","note",{},a))]}catch(a){if(!(a instanceof aK))throw a;return[r("p","empty",{},`Not shown: ${a.message}.`)]}}function bi(a,b,c={}){let d=bg(a,"Energy report"),e={...c},f=null,g=a=>{let b=bh(a);Array.isArray(b)?(f=null,d.replaceChildren(...b)):f?f.update(b,a):f=new be(d,b,a,e)};return g(b),{dispose:()=>d.remove(),update:g,select:a=>f?.select(a)??!1,expandTo:a=>f?.expandTo(a)??!1,setDepth:a=>{e.expandedDepth=a,f?.setDepth(a)},setUnit:a=>{e.unit=a,f?.setUnit(a)},setView:a=>{e.view=a,f?.setView(a)}}}function bj(a,b,c,d={}){let e=bg(a,"Energy comparison"),f={...d},g=null,h=(a,b)=>{let[c,d]=[bh(a),bh(b)];Array.isArray(c)||Array.isArray(d)?(g=null,e.replaceChildren(...[c,d].flatMap(a=>Array.isArray(a)?a:[]))):g?g.update(c,d):g=new bl(e,c,d,f)};return h(b,c),{dispose:()=>e.remove(),update:h,select:a=>g?.select(a)??!1,expandTo:a=>!!g?.reveal(a),setDepth:a=>{f.expandedDepth=a,g?.setDepth(a)},setUnit:a=>{f.unit=a,g?.setUnit(a)}}}let bk={significant:"The intervals do not overlap","within intervals":"The intervals overlap: it may be chance","only before":"Not in the second report","only after":"Not in the first report",unknown:"One of the energies is unknown"};class bl{#ae;#aI;#af=r("div","head-slot");#ah=r("div","detail",{role:"group","aria-label":"Selected node"});#P=ax();#R;#aJ=r("p","status",{role:"status"});#ak;#aK;#aL;#ap;#K="order";#as;constructor(a,b,c,d){this.#ae=d;let[e,f]=d.labels??["before","after"];this.#aI=[u(e),u(f)],this.#as=d.unit??"J",this.#aK=[b,c],this.#aL=new ab(b.root,c.root,this.#K),this.#aL.expandTo(d.expandedDepth??2),this.#ap=this.#aL.find(d.selected??"")??this.#aL.root;for(let a=this.#ap.parent;a;a=a.parent)a.expanded=!0;let g=aw("Unit",v,a=>{this.setUnit(a),d.onUnit?.(a)});this.#R=g.select,this.#ak=new K("Energy by module, compared",this.#e(),this.#aL,{cells:(a,b)=>this.#aM(a,b),isSelected:a=>a.key===this.#ap.key,choose:a=>this.#v(a)});let h=aw("Sort",_,a=>{this.#K=a,this.#aL.sort(a),this.#ak.draw()}),i=av("Follow the difference","Open the path to what differs most",()=>this.#aN());i.classList.add("irene-primary");let j=r("div","toolbar",{role:"group","aria-label":"View"},i);j.append(r("div","tools",{},ay(),this.#P),r("span","spring"),r("div","tools",{},h.element,g.element));let k=r("div","panes",{},this.#ak.element,this.#ah);k.dataset.comparison="",a.replaceChildren(this.#af,j,this.#aJ,k),this.#az()}update(a,b){let c=bm(this.#ap),d=this.#aL;this.#aK=[a,b],this.#aL=new ab(a.root,b.root,this.#K),this.#aL.expandAs(d),this.#ap=this.#aL.find(c)??this.#aL.root,this.#az()}select(a){let b=this.reveal(a);return!!b&&(this.#aD(b),this.#ak.moveTo(b),!0)}reveal(a){let b=this.#aL.find(a),c=[];for(let a=b?.parent;a;a=a.parent)c.unshift(a);for(let a of c)this.#ak.expand(a);return b}setDepth(a){this.#aL.expandTo(a),this.#ak.draw()}setUnit(a){this.#as=a,this.#az()}#az(){this.#R.value=this.#as,this.#af.replaceChildren(this.#aO()),az(this.#P,this.#aL.height(),a=>this.setDepth(a)),this.#ak.show(this.#aL),this.#aF()}get #aP(){return this.#aK[0].root?.energy?.joules??0}#e(){let[a,b]=this.#aI;return an([["name","Name","Module or primitive, and its class"],["before",a,"Energy in the first report"],["after",b,"Energy in the second report"],["difference","Difference","The second report's energy less the first one's"],["change","%","The difference in percent of the first report's energy"],["verdict","Significance","Significant: the two intervals do not overlap"]])}#aO(){let a=this.#aL.root,b=Y(a),c=$(a),d="%"===this.#as?"J":this.#as,e=Z(a),f=r("div","head");f.append(r("p","total",{},r("strong","total-value",{},G(b,d,this.#aP)),r("span","total-change",{},null===e?"":H(e)),this.#aQ(c),r("span","interval",{},bk[c]))),this.#aK.forEach((a,b)=>{let c=a.root?.energy??null,e=r("p","side",{},t(this.#aI[b]??"","side-label")),g=c?`${D(c.joules,d,this.#aP)}, 90 % interval `+E(c.low,c.high,c.joules,d,this.#aP):"nothing ran";e.dataset.side=b?"after":"before",e.append(t(a.root?.className??"","run-model"),` ${g} \xb7 `),e.append(t(P(a),"side-provenance")),f.append(e)});let g=U(this.#aR());return g&&f.append(g),f}#aR(){let[a,b]=this.#aK,c=[],d=a=>c.push({sign:"⚠",text:a});a.device.label!==b.device.label&&d(`The reports are of different devices: ${a.device.label} and ${b.device.label}`);let e=[a,b].map(a=>a.root?.energy?.source??"nothing");return e[0]!==e[1]&&d(`${e[0]} is compared with ${e[1]} energy`),this.#aK.forEach((a,b)=>{for(let{sign:d,text:e}of R(a))c.push({sign:d,text:`${this.#aI[b]}: ${e}`})}),c}#aM(a,b){let c=$(a),d=Y(a);b.dataset.kind=(a.after??a.before)?.type??"",b.dataset.verdict=c,b.dataset.sign=null===d||0===d?"":d>0?"more":"less";let e=a=>ao("energy",a?this.#aS(a):""),f=r("span","delta",{"aria-hidden":"true"},r("span","delta-fill")),g=this.#aL.largest>0?Math.abs(d??0)/this.#aL.largest:0;f.style.setProperty("--length",String(g));let h=G(d,this.#as,this.#aP);return[this.#aT(a),e(a.before),e(a.after),ao("difference",f,r("span","delta-text",{},h)),ao("change",H(Z(a))),ao("verdict",this.#aQ(c))]}#aQ(a){let[b,c]=this.#aI.map(a=>a.slice(0,24)),d="only before"===a?`only ${b}`:"only after"===a?`only ${c}`:a;return r("span","verdict-badge",{"data-verdict":a,title:bk[a]},t(d,""))}#aS(a){return D(a.energy?.joules??null,this.#as,this.#aP)}#aT(a){let b=ao("name",r("span","twisty",{"aria-hidden":"true"}));b.append(t(a.label,"label"));let c=[...new Set([a.before,a.after].flatMap(a=>a?[a.className]:[]))].map(u).join(" → ");return c!==a.label&&b.append(t(c,"class")),b.append(...ap([...a.before?.flags??[],...a.after?.flags??[]])),b.title=`${u(bm(a))||a.label} (${c})`,b}#aF(){this.#ah.replaceChildren(r("h3","detail-title",{},t(this.#ap.label,"")),r("p","hint",{},bk[$(this.#ap)]),function({before:a,after:b},c,d,e){let f="%"===e?"J":e,g=r("tr","",{},r("td",""));for(let a of d)g.append(r("th","",{scope:"col"},t(a,"")));let h=r("table","table",{"aria-label":"Both sides"},g),i=(d,e)=>{let f=[a?e(a,c[0]):"",b?e(b,c[1]):""];if(f.every(a=>!a))return;let g=f.map(a=>r("td","",{},t(s(a)||"–","")));h.append(r("tr","",{},r("th","",{scope:"row"},d),...g))};return i("Class",a=>a.className),i("Path",a=>a.path),i("Energy",a=>D(a.energy?.joules??null,f,0)),i("90 % interval",({energy:a})=>a?E(a.low,a.high,a.joules,f,0):""),i("Share of total",(a,b)=>{let c=b.root?.energy?.joules??0;return a.energy&&c>0?C(a.energy.joules/c):""}),i("Source",a=>a.energy?.source??""),i("Calls",a=>a.features.calls.toLocaleString("en")),i("Compute",({features:a})=>a.flops?y(a.flops,"FLOP",A):""),i("Memory traffic",({features:a})=>a.bytes?y(a.bytes,"B",B):""),i("Parameters",({features:a})=>a.numParameters?y(a.numParameters,"",A).trim():""),i("Flags",a=>a.flags.join("; ")),h}(this.#ap,this.#aK,this.#aI,this.#as))}#aD(a){let b=this.#ap;this.#ap=a,this.#ak.mark(b),this.#ak.mark(a),this.#aF()}#v(a){a!==this.#ap&&(this.#aD(a),this.#ae.onSelect?.(bm(a)))}#aN(){let a=this.#aL.furthest(),b=[];for(let c=a.parent;c;c=c.parent)b.unshift(c);for(let a of b)this.#ak.expand(a);this.#v(a),this.#ak.focus(a);let c="%"===this.#as?"J":this.#as,d=G(Y(a),c,this.#aP);this.#aJ.textContent=`Most differs in ${u(bm(a))||a.label}: ${d}`}}let bm=a=>(a.after??a.before)?.path??""}}]);
"use strict";(self.rspackChunkirene_jupyter=self.rspackChunkirene_jupyter||[]).push([[1],{28(e,t,r){var n=r(19),i=r.n(n),o=r(20),s=(r.n(o))()(i());s.push([e.id,`/* The extension's parts around the tree; colours are those of JupyterLab's theme. */
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
`,""]),r.d(t,{},{A:s})},27(e,t,r){var n=r(19),i=r.n(n),o=r(20),s=(r.n(o))()(i());s.push([e.id,`/* Two reports against each other. */
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
`,""]),r.d(t,{},{A:s})},25(e,t,r){var n=r(19),i=r.n(n),o=r(20),s=(r.n(o))()(i());s.push([e.id,`/* The pane of the selected node: beside the tree where there is room, else below it. */
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
`,""]),r.d(t,{},{A:s})},24(e,t,r){var n=r(19),i=r.n(n),o=r(20),s=(r.n(o))()(i());s.push([e.id,`/* The grid: its columns, rows, bars, badges; fewer columns where it is narrow. */
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
`,""]),r.d(t,{},{A:s})},22(e,t,r){var n=r(19),i=r.n(n),o=r(20),s=(r.n(o))()(i());s.push([e.id,`/* The head: total, provenance, runs, warnings. And what stands in place of a tree. */
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
`,""]),r.d(t,{},{A:s})},26(e,t,r){var n=r(19),i=r.n(n),o=r(20),s=(r.n(o))()(i());s.push([e.id,`/* The icicle: boxes as wide as their energy, in the colours of figure 5. */
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
`,""]),r.d(t,{},{A:s})},21(e,t,r){var n=r(19),i=r.n(n),o=r(20),s=(r.n(o))()(i());s.push([e.id,`/* The frame and its colours: Jupyter's theme, else the system's. */
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
`,""]),r.d(t,{},{A:s})},23(e,t,r){var n=r(19),i=r.n(n),o=r(20),s=(r.n(o))()(i());s.push([e.id,`/* Buttons and menus over the tree. */
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
`,""]),r.d(t,{},{A:s})},18(e,t,r){var n=r(19),i=r.n(n),o=r(20),s=r.n(o),a=r(21),l=r(22),h=r(23),d=r(24),p=r(25),c=r(26),u=r(27),f=s()(i());f.i(a.A),f.i(l.A),f.i(h.A),f.i(d.A),f.i(p.A),f.i(c.A),f.i(u.A),f.push([e.id,`/* The energy tree's style, part by part. */
`,""]),r.d(t,{},{A:f})},20(e){e.exports=function(e){var t=[];return t.toString=function(){return this.map(function(t){var r="",n=void 0!==t[5];return t[4]&&(r+="@supports (".concat(t[4],") {")),t[2]&&(r+="@media ".concat(t[2]," {")),n&&(r+="@layer".concat(t[5].length>0?" ".concat(t[5]):""," {")),r+=e(t),n&&(r+="}"),t[2]&&(r+="}"),t[4]&&(r+="}"),r}).join("")},t.i=function(e,r,n,i,o){"string"==typeof e&&(e=[[null,e,void 0]]);var s={};if(n)for(var a=0;a<this.length;a++){var l=this[a][0];null!=l&&(s[l]=!0)}for(var h=0;h<e.length;h++){var d=[].concat(e[h]);n&&s[d[0]]||(void 0!==o&&(void 0===d[5]||(d[1]="@layer".concat(d[5].length>0?" ".concat(d[5]):""," {").concat(d[1],"}")),d[5]=o),r&&(d[2]&&(d[1]="@media ".concat(d[2]," {").concat(d[1],"}")),d[2]=r),i&&(d[4]?(d[1]="@supports (".concat(d[4],") {").concat(d[1],"}"),d[4]=i):d[4]="".concat(i)),t.push(d))}},t}},19(e){e.exports=function(e){return e[1]}},12(e){var t=[];function r(e){for(var r=-1,n=0;n<t.length;n++)if(t[n].identifier===e){r=n;break}return r}function n(e,n){for(var i={},o=[],s=0;s<e.length;s++){var a=e[s],l=n.base?a[0]+n.base:a[0],h=i[l]||0,d="".concat(l," ").concat(h);i[l]=h+1;var p=r(d),c={css:a[1],media:a[2],sourceMap:a[3],supports:a[4],layer:a[5]};if(-1!==p)t[p].references++,t[p].updater(c);else{var u=function(e,t){var r=t.domAPI(t);return r.update(e),function(t){t?(t.css!==e.css||t.media!==e.media||t.sourceMap!==e.sourceMap||t.supports!==e.supports||t.layer!==e.layer)&&r.update(e=t):r.remove()}}(c,n);n.byIndex=s,t.splice(s,0,{identifier:d,updater:u,references:1})}o.push(d)}return o}e.exports=function(e,i){var o=n(e=e||[],i=i||{});return function(e){e=e||[];for(var s=0;s<o.length;s++){var a=r(o[s]);t[a].references--}for(var l=n(e,i),h=0;h<o.length;h++){var d=r(o[h]);0===t[d].references&&(t[d].updater(),t.splice(d,1))}o=l}}},14(e){var t={};e.exports=function(e,r){var n=function(e){if(void 0===t[e]){var r=document.querySelector(e);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(e){r=null}t[e]=r}return t[e]}(e);if(!n)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");n.appendChild(r)}},16(e){e.exports=function(e){var t=document.createElement("style");return e.setAttributes(t,e.attributes),e.insert(t,e.options),t}},15(e,t,r){e.exports=function(e){var t=r.nc;t&&e.setAttribute("nonce",t)}},13(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var t=e.insertStyleElement(e);return{update:function(r){var n,i,o;n="",r.supports&&(n+="@supports (".concat(r.supports,") {")),r.media&&(n+="@media ".concat(r.media," {")),(i=void 0!==r.layer)&&(n+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),n+=r.css,i&&(n+="}"),r.media&&(n+="}"),r.supports&&(n+="}"),(o=r.sourceMap)&&"u">typeof btoa&&(n+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(o))))," */")),e.styleTagTransform(n,t,e.options)},remove:function(){var e;null===(e=t).parentNode||e.parentNode.removeChild(e)}}}},17(e){e.exports=function(e,t){if(t.styleSheet)t.styleSheet.cssText=e;else{for(;t.firstChild;)t.removeChild(t.firstChild);t.appendChild(document.createTextNode(e))}}},7(e,t,r){let n=`<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M13.2 2.5 4.8 13.6h5.7L9.6 21.5l8.9-11.9h-6z"/>
</svg>`;r.d(t,{},{d:n})},10(e,t,r){r.d(t,{e:()=>b,T:()=>v});var n=r(8),i=r(11),o=r(12),s=r.n(o),a=r(13),l=r.n(a),h=r(14),d=r.n(h),p=r(15),c=r.n(p),u=r(16),f=r.n(u),m=r(17),g=r.n(m),w=r(28),x={};x.styleTagTransform=g(),x.setAttributes=c(),x.insert=d().bind(null,"head"),x.domAPI=l(),x.insertStyleElement=f(),s()(w.A,x),w.A&&w.A.locals&&w.A.locals;let b="application/vnd.irene.energy+json";class v extends n.Widget{#e=null;constructor(){super(),this.addClass("irene-lab-output"),this.node.dataset.irene="static"}draw(e){let t=e.data[b],r=e.metadata[b],n=r?.expanded_depth;this.#e?.dispose(),this.#e=(0,i.B6)(this.node,"string"==typeof t?function(e){try{return JSON.parse(e)}catch{return null}}(t):t,"number"==typeof n?{expandedDepth:n}:{})}dispose(){this.#e?.dispose(),this.#e=null,super.dispose()}}},11(e,t,r){r.d(t,{fL:()=>eD,QE:()=>C,L8:()=>w,Vb:()=>b,aH:()=>U,tL:()=>eB,Wo:()=>th,B6:()=>tl,ml:()=>v});var n=r(12),i=r.n(n),o=r(13),s=r.n(o),a=r(14),l=r.n(a),h=r(15),d=r.n(h),p=r(16),c=r.n(p),u=r(17),f=r.n(u),m=r(18),g={};function w(e,t,r={},...n){let i=document.createElement(e);for(let[e,n]of(t&&(i.className=`irene-${t}`),Object.entries(r)))i.setAttribute(e,n);return i.append(...n.filter(e=>null!==e)),i}g.styleTagTransform=f(),g.setAttributes=d(),g.insert=l().bind(null,"head"),g.domAPI=s(),g.insertStyleElement=c(),i()(m.A,g),m.A&&m.A.locals&&m.A.locals;let x=e=>e.replace(/ (?=[%×])|(?<=×) |(?<=\d) (?=[A-Za-zµ/]{1,6}(?:$|[ ,]))/g,"\xa0");function b(e,t){return w("bdi",t,{dir:"ltr"},v(e))}let v=e=>e.length>400?`${e.slice(0,400)}…`:e,y=["J","mJ","Wh","%"];function k(e){if(0===e)return"0";if(5e-4>Math.abs(e))return"<0.001";let t=Number(e.toPrecision(3));if(Math.abs(t)>=1e3)return Math.round(e).toLocaleString("en");let r=Math.floor(Math.log10(Math.abs(t)));return t.toFixed(Math.min(4,Math.max(0,2-r)))}function $(e,t){if(0===e)return[1,""];let r=Number(e.toPrecision(3)),n=t[t.length-1];return t.find(([e])=>r>=e)??n}function j(e,t,r){let[n,i]=$(e,r);return`${k(e/n)} ${i}${t}`}let S=[[1e3,"k"],[1,""],[.001,"m"],[1e-6,"\xb5"]],A=[[1e12,"T"],[1e9,"G"],[1e6,"M"],[1e3,"k"],[1,""]],M=[[0x10000000000,"Ti"],[0x40000000,"Gi"],[1048576,"Mi"],[1024,"Ki"],[1,""]];function E(e){if(null===e)return"–";let t=100*e;return 0===t?"0 %":t<.01?"<0.01 %":`${t.toFixed(t<.995?2:+(t<99.95))} %`}function C(e,t,r){if(null===e)return"–";switch(t){case"%":return E(r>0?e/r:null);case"mJ":return`${k(1e3*e)} mJ`;case"Wh":return j(e/3600,"Wh",S);case"J":return j(e,"J",S)}}function T(e,t,r,n,i){if("%"===n)return i>0?`${k(100*e/i)}–${k(100*t/i)} %`:"–";if("mJ"===n)return`${k(1e3*e)}–${k(1e3*t)} mJ`;let o="Wh"===n?1/3600:1,[s,a]=$(r*o,S),[l,h]=[e,t].map(e=>k(e*o/s));return`${l}–${h} ${a}${"Wh"===n?"Wh":"J"}`}let O=(e,t)=>0===e?t:`${e>0?"+":"−"}${t}`;function L(e,t,r){return null===e?"–":O(e,C(Math.abs(e),t,r))}function P(e){if(null===e)return"–";let t=Math.abs(e);return O(e,t<10?E(t):`${Math.round(100*t).toLocaleString("en")} %`)}class z{#t="";#r=0;find(e,t,r){let n=Date.now(),i=n-this.#r>600;this.#r=n,this.#t=i||this.#t===e?e:this.#t+e;let o=+(1===this.#t.length);for(let e=0;e<t.length;e++){let n=(r+o+e)%t.length,i=t[n]?.toLowerCase()??"",s=i.slice(i.lastIndexOf(".")+1);if(i.startsWith(this.#t)||s.startsWith(this.#t))return n}return -1}}let N=e=>!e.ctrlKey&&!e.metaKey&&!e.altKey&&"Escape"!==e.key&&!(e.shiftKey&&"Enter"===e.key);class D{element;#n;#i;#o=w("div","body",{role:"rowgroup"});#s=new WeakMap;#t=new z;#a;#l=new Map;#h=null;constructor(e,t,r,n){this.#a=r,this.#n=n,this.#i=t,this.element=w("div","scroll",{},w("div","grid",{role:"treegrid","aria-label":e},w("div","",{role:"rowgroup"},t),this.#o)),this.#o.addEventListener("click",e=>this.#d(e)),this.#o.addEventListener("dblclick",e=>this.#p(e)),this.#o.addEventListener("keydown",e=>this.#c(e)),this.#o.addEventListener("focusin",e=>{let t=this.#u(e);t&&this.#f(t)})}get current(){return this.#h}show(e){this.#a=e,this.draw()}draw(){let e=this.#o.contains(document.activeElement),t=this.#l,r=[];this.#l=new Map;let n=e=>e.forEach((i,o)=>{let s=this.#m(t.get(i.key)??this.#g(),i,o,e.length);r.push(s),i.expanded&&n(this.#a.childrenOf(i))});n(this.#a.top);let{children:i}=this.#o;if(!(i.length===r.length&&r.every((e,t)=>i[t]===e))){let{scrollTop:e}=this.element,t=document.createDocumentFragment();t.append(...r),this.#o.replaceChildren(t),this.element.scrollTop=e}this.#w(),e&&!this.#o.contains(document.activeElement)&&this.#x(this.#h)?.focus({preventScroll:!0})}mark(e){let t=this.#x(e);e&&t&&this.#b(t,e)}expand(e){if(e.expanded||!this.#a.hasChildren(e))return;e.expanded=!0;let t=this.#x(e);if(!t)return;t.setAttribute("aria-expanded","true");let r=document.createDocumentFragment(),n=e=>e.forEach((t,i)=>{r.append(this.#m(this.#g(),t,i,e.length)),t.expanded&&n(this.#a.childrenOf(t))});n(this.#a.childrenOf(e)),t.after(r)}collapse(e){if(!e.expanded)return;e.expanded=!1;let t=this.#x(e);if(t){t.setAttribute("aria-expanded","false");for(let r=t.nextElementSibling;r;r=t.nextElementSibling){let t=this.#s.get(r);if(!t||t.level<=e.level)break;t.key===this.#h?.key&&this.#f(e),this.#l.delete(t.key),r.remove()}}}toggle(e){e.expanded?this.collapse(e):this.expand(e)}focus(e){e&&(this.#f(e),this.#x(e)?.focus({preventScroll:!0}),this.scrollTo(e))}moveTo(e){this.#f(e);let t=this.#x(e)?.getBoundingClientRect();if(!t)return;let r=this.element.getBoundingClientRect(),n=r.top+this.#i.offsetHeight;t.top<n?this.element.scrollTop-=n-t.top:t.bottom>r.bottom&&(this.element.scrollTop+=t.bottom-r.bottom)}scrollTo(e){this.#x(e)?.scrollIntoView({block:"nearest",inline:"nearest"})}#g(){return w("div","row",{role:"row",tabindex:"-1"})}#m(e,t,r,n){return e.setAttribute("aria-level",String(t.level)),e.setAttribute("aria-posinset",String(r+1)),e.setAttribute("aria-setsize",String(n)),e.style.setProperty("--level",String(t.level-1)),this.#a.hasChildren(t)?e.setAttribute("aria-expanded",String(t.expanded)):e.removeAttribute("aria-expanded"),this.#b(e,t),e.replaceChildren(...this.#n.cells(t,e)),this.#s.set(e,t),this.#l.set(t.key,e),e}#b(e,t){let r=this.#n.isSelected(t);null===r?e.removeAttribute("aria-selected"):e.setAttribute("aria-selected",String(r))}#x(e){return(e&&this.#l.get(e.key))??null}#w(){let e=this.#h;for(;e&&!this.#l.has(e.key);)e=e.parent;let t=this.#x(e)??this.#o.firstElementChild,r=t&&this.#s.get(t);for(let e of(this.#h=null,this.#o.querySelectorAll('[tabindex="0"]')))e!==t&&e.setAttribute("tabindex","-1");r&&this.#f(r)}#f(e){let t=this.#x(this.#h);t&&(t.tabIndex=-1),this.#h=e;let r=this.#x(e);r&&(r.tabIndex=0)}#u(e){let t=e.target?.closest(".irene-row");return(t&&this.#s.get(t))??null}#v(e){return null!==this.#n.isSelected(e)}#y(e){this.#v(e)?this.#n.choose(e):this.toggle(e)}#d(e){let t=this.#u(e);t&&(this.focus(t),e.target.closest(".irene-twisty")?this.toggle(t):this.#y(t))}#p(e){let t=this.#u(e);t&&this.#v(t)&&(e.target.closest(".irene-twisty")||this.toggle(t))}#c(e){let t=this.#u(e);if(!t)return;let r=(e.ctrlKey||e.metaKey)&&/^(Home|End)$/.test(e.key);(this.#n.key?.(t,e)||(N(e)||r)&&this.#k(t,e.key))&&e.preventDefault()}#k(e,t){let r=this.#x(e);switch(t){case"ArrowDown":return this.#$(r?.nextElementSibling),!0;case"ArrowUp":return this.#$(r?.previousElementSibling),!0;case"ArrowRight":return e.expanded?this.focus(this.#a.childrenOf(e)[0]):this.expand(e),!0;case"ArrowLeft":return e.expanded?this.collapse(e):this.focus(e.parent),!0;case"Home":return this.#$(this.#o.firstElementChild),!0;case"End":return this.#$(this.#o.lastElementChild),!0;case"PageDown":return this.#j(r,1),!0;case"PageUp":return this.#j(r,-1),!0;case"Enter":return this.#n.isSelected(e)?this.toggle(e):this.#y(e),!0;case" ":return this.#y(e),!0;case"*":for(let t of e.parent?this.#a.childrenOf(e.parent):this.#a.top)this.expand(t);return!0;default:return 1===t.length&&this.#S(e,t.toLowerCase())}}#$(e){this.focus(e&&this.#s.get(e))}#j(e,t){if(!e)return;let r=[...this.#o.children],n=Math.max(1,Math.floor(this.element.clientHeight/(e.offsetHeight||1))-2),i=r.indexOf(e)+t*n;this.#$(r[Math.min(r.length-1,Math.max(0,i))])}#S(e,t){let r=[...this.#o.children],n=r.map(e=>this.#s.get(e)?.label??""),i=r.findIndex(t=>this.#s.get(t)===e);return this.#$(r[this.#t.find(t,n,i)]),!0}}let R=new Map([["incomplete","the run failed half-way; only what ran is counted"],["not_run","built but never run; predicted for one forward pass on inputs of our own"],["estimated","no regressor fits; a declared fallback with a wide interval"],["extrapolated","larger or smaller than anything that the profile was fitted on"],["fused","several primitives ran as one operation"],["merged","several runs with different shapes are added up here"],["shared","the same module runs at several places"]]),_=e=>null===e?"–":C(e,"J",0),J=e=>null===e?"–":j(e,"s",S),B=e=>e.split(":",1)[0]?.trim()??"";function U(e){let t=e.device.label||"an unnamed device";if(null!==e.measured&&null!==e.measured.joules){let r=e.root?.energy?.source==="measured";return`${r?"Measured on this machine":"Part of what was measured on this machine"} (${e.measured.scope}), divided as predicted for ${t}`}switch(e.root?.energy?.source){case"measured":return`Measured on ${t}`;case"replayed":return`Measured on repeated runs on ${t}`;case"simulated":return"Simulated: a meter that is not hardware had a part in it";case"estimated":return"reference"===e.device.kind?`Estimated from ${t} (reference device) — not this machine`:`Estimated for ${t}: no profile fits, the interval is wide`;default:return"reference"===e.device.kind?`Predicted for ${t} (reference device) — not this machine`:`Predicted for ${t} (calibrated)`}}let F=new Map([["estimated","≈"],["extrapolated","↗"]]),q=e=>{let t,r,n,i;return[...(t=new Map,r=e=>{let n=new Set;for(let r of e.flags){let e=B(r),i=t.get(e)??{nodes:0,reasons:new Set};t.set(e,i),!n.has(e)&&i.nodes++,n.add(e);let o=r.slice(r.indexOf(":")+1).trim();for(let t of(r.includes(":")&&o?o:R.get(e)??"").split("; "))t&&i.reasons.add(t)}e.children.forEach(r)},e.root&&r(e.root),e.notRun.forEach(r),n=[...R.keys()],i=e=>(n.indexOf(e)+1||n.length+1)-1,[...t].sort(([e],[t])=>i(e)-i(t)||(e<t?-1:1)).map(([e,{nodes:t,reasons:r}])=>{let n=`${t.toLocaleString("en")} node${1===t?"":"s"}`,i=[...r].slice(0,3).join("; "),o=r.size-3,s=`${e.replaceAll("_"," ")} (${n})${i&&`: ${i}`}`+(o>0?`; and ${o} more`:"");return{sign:F.get(e)??"⚠",text:s}})),...[...new Set(e.notes)].map(e=>({sign:"⚠",text:e}))]},I=["Part of the cell","Time here","Energy"],H=["Phase","Calls","Tokens","Time here","Energy","Per token","Time/token"];function W(e){if(!e.length)return null;let t=w("ul","notes",{"aria-label":"Warnings"});for(let{sign:r,text:n}of e){let e=w("span","sign",{"aria-hidden":"true"},`${r} `);t.append(w("li","note",{},e,b(n,"")))}return t}let K=/^(.*[._])?(\d{1,9})$/;function V(e,t){if(!e.path)return e.className;let r=`${t}.`;return t&&e.path.startsWith(r)?e.path.slice(r.length):e.path}class G{#A=new Map;#M=new Map;#E=new Map;add(e){let{latencySeconds:t,resources:r,...n}=e.features,i=JSON.stringify([e.className,e.primitive,e.type,null===e.energy,e.flags.map(B),n,e.children.map(t=>[V(t,e.path),this.#M.get(t)])]),o=this.#A.get(i)??this.#A.size;this.#A.set(i,o),this.#M.set(e,o);let s=this.#E.get(o);s?s.push(e):this.#E.set(o,[e])}alike(e){return this.#E.get(this.#M.get(e)??-1)??[e]}fold(e){let t=[];for(let r of e.children){let n=t.at(-1),i=n?.[0],o=n?.at(-1);n&&i&&o&&function(e,t,r){let n=K.exec(V(e,r)),i=K.exec(V(t,r));return!!n&&!!i&&n[1]===i[1]&&Number(n[2])<Number(i[2])}(o,r,e.path)&&this.#M.get(i)===this.#M.get(r)&&function(e,t){if(!e.energy||!t.energy)return e.energy===t.energy;let{joules:r,source:n}=e.energy,i=Math.max(r,t.energy.joules);return n===t.energy.source&&Math.abs(r-t.energy.joules)<=.05*i}(i,r)?n.push(r):t.push([r])}return t}}function Z(e){let t=e=>e?e.energy?.joules??null:0,[r,n]=[t(e.before),t(e.after)];return null===r||null===n?null:n-r}function Q(e){let t=Z(e),r=e.before?.energy?.joules??0;return null!==t&&r>0?t/r:null}function X({before:e,after:t}){return e?t?e.energy&&t.energy?e.energy.high<t.energy.low||t.energy.high<e.energy.low?"significant":"within intervals":"unknown":"only before":"only after"}let Y=["order","difference"],ee=e=>Math.abs(Z(e)??0);class et{root;top;largest;#C=new Map;constructor(e,t,r){this.root=function e(t,r,n=null,i=0){let o,s,a={key:n?`${n.key}.${i}`:"0",before:t,after:r,parent:n,order:i,level:(n?.level??0)+1,label:(o=t&&V(t,n?.before?.path??null),s=r&&V(r,n?.after?.path??null),null===o||null===s||o===s?o??s??"":`${o} → ${s}`),expanded:!1,children:[]};return a.children=(function(e,t){let r=new Map,n=new Set;for(let i of[(e,t)=>e.path===t.path&&e.type===t.type,(e,t)=>e.className===t.className&&e.type===t.type,(e,t)=>e.type===t.type])for(let o of e){if(r.has(o))continue;let e=t.find(e=>!n.has(e)&&i(o,e));e&&(r.set(o,e),n.add(e))}let i=e.map(e=>[e,r.get(e)??null]);return t.forEach((e,r)=>{if(n.has(e))return;let o=t[r-1],s=o?i.findIndex(([,e])=>e===o):-1;i.splice(s+1,0,[null,e])}),i})(t?.children??[],r?.children??[]).map(([t,r],n)=>e(t,r,a,n)),a}(e,t),this.top=[this.root];let n=0;this.#T(e=>{for(let t of(n=Math.max(n,ee(e)),[e.before,e.after]))t&&this.#C.set(t.path,e)}),this.largest=n,this.sort(r)}childrenOf(e){return e.children}hasChildren(e){return e.children.length>0}find(e){return e?this.#C.get(e)??null:this.root}expandTo(e){this.#T(t=>{t.expanded=t.level<=e&&t.children.length>0})}expandAs(e){let t=new Set;e.#T(e=>{e.expanded&&t.add(e.key)}),this.#T(e=>{e.expanded=t.has(e.key)&&e.children.length>0})}sort(e){this.#T(t=>{t.children.sort((t,r)=>("difference"===e?ee(r)-ee(t):0)||t.order-r.order)})}height(){let e=0;return this.#T(t=>{e=Math.max(e,t.level)}),e}furthest(){let e=this.root;for(;;){let t=e.children.reduce((e,t)=>null===e||ee(t)>ee(e)?t:e,null);if(!t||0===ee(t))return e;e=t}}#T(e){let t=r=>{e(r),r.children.forEach(t)};t(this.root)}}let er=e=>e.every(e=>null===e)?null:e.reduce((e,t)=>e+(t??0),0),en=e=>er(e.members.map(e=>e.energy?.joules??null)),ei=e=>er(e.members.map(e=>e.ownJoules));function eo(e){let t=er(e.members.map(e=>e.energy?.low??null)),r=er(e.members.map(e=>e.energy?.high??null));return null===t||null===r||r<=t?null:[t,r]}let es=e=>e.node?e.node.children.length>0:e.members.length>0,ea=e=>null===e.node&&null===e.parent,el=(e,t)=>null!==e&&null!==t&&t>0?e/t:null,eh=e=>el(en(e),e.whole);function ed(e){let t=function(e){let t=e.parent;for(;t&&!t.node;)t=t.parent;return t}(e);return t&&el(en(e),en(t))}let ep=e=>e.members[0]?.energy?.source??null,ec=[["name","Name","Module or primitive, and its class"],["share","Share","Share of the total; the solid part of the bar is the node's own energy"],["energy","Energy","Energy of the node and all below it"],["of-parent","Of parent","Share of the module that it is a part of"],["own","Own","Energy that no child explains"],["range","90 % interval","The energy lies within it nine times out of ten"],["source","Source","Where the number comes from"]];function eu(e=ec){let t=w("div","heading",{role:"row"});for(let[r,n,i]of e)t.append(w("div",r,{role:"columnheader",title:i},n));return t}let ef=(e,...t)=>w("div",e,{role:"gridcell"},...t);function em(e){let t=[...new Set(e.map(B))],r=t.slice(0,2).map(e=>{let t=v(e.replaceAll("_"," "));return w("span","mark",{"data-code":v(e)},t)});return t.length>2&&r.push(w("span","mark",{},`+${t.length-2}`)),r}function eg(e,t){let r=ef("name",w("span","twisty",{"aria-hidden":"true"}),b(e.label,"label")),n=e.node||ea(e)?e.detail:`${function(e,t){let r=e.members.flatMap(e=>e.energy?[e.energy.joules]:[]);if(!r.length)return"";let n=C(Math.min(...r),t,e.whole),i=C(Math.max(...r),t,e.whole);return n===i?`${n} each`:`${n} to ${i} each`}(e,t)} \xb7 ${e.detail}`;return n&&r.append(b(n,"class")),r.append(...em(e.members.flatMap(e=>e.flags))),r.title=v(e.node?`${e.node.path||e.label} (${e.detail})`:n),r}let ew=["order","energy"];class ex{top;#O=new Map;#C=new Map;#L=new Map;#P=new Map;#z=new Set;#N=new G;#D;constructor(e,t="order"){this.#D=t;let r=[];e.root&&(this.#R(e.root,null,0),r.push(this.#_(e.root,null,e.root.energy?.joules??0))),e.notRun.forEach((e,t)=>this.#R(e,null,t+1)),e.notRun.length&&r.push({key:"not run",node:null,members:e.notRun,label:"Built but not run",detail:"not in the total",whole:0}),this.top=this.#s(r,null)}find(e){return this.#C.get(e)??null}nodes(){return this.#L.keys()}keyOf(e){return this.#L.get(e)??""}alike(e){let t=this.#P.get(e);return this.#N.alike(e).filter(e=>this.#P.get(e)===t)}hasChildren(e){return es(e)}childrenOf(e){if(!e.children){let{node:t}=e,r=t?this.#N.fold(t).map(r=>this.#J(r,t,e.whole)):e.members.map(t=>this.#B(t,e));e.children=this.sorted(this.#s(r,e))}return e.children}chain(e){let t=[];for(let r=e;r;r=this.#O.get(r)??null)t.unshift(r);let r=[],n=this.top;for(let e of t){let t=n.find(t=>t.members.includes(e));if(t&&!t.node&&(r.push(t),t=this.childrenOf(t).find(t=>t.node===e)),!t)return[];r.push(t),n=this.childrenOf(t)}return r}hottest(){let e=this.top[0]??null;for(;e;){let t=this.childrenOf(e).reduce((e,t)=>null===e||(en(t)??0)>(en(e)??0)?t:e,null);if(!t||e.node&&(ei(e)??0)>(en(t)??0))return e;e=t}return null}sort(e){this.#D=e;let t=e=>{e.children&&(this.sorted(e.children),e.children.forEach(t))};this.top.forEach(t)}sorted(e){return e.sort((e,t)=>"energy"===this.#D&&(en(t)??-1)-(en(e)??-1)||e.order-t.order)}expandTo(e){let t=r=>{r.expanded=es(r)&&r.level<=e;let n=r.expanded?this.childrenOf(r):r.children;n?.forEach(t)};this.top.forEach(t)}expandAs(e){let t=new Set,r=e=>{e.expanded&&t.add(e.key),e.children?.forEach(r)};e.top.forEach(r);let n=e=>{t.has(e.key)&&es(e)&&(e.expanded=!0,this.childrenOf(e).forEach(n))};this.top.forEach(n)}height(){let e=t=>Math.max(t.level,...this.childrenOf(t).map(e));return Math.max(0,...this.top.map(e))}#R(e,t,r){let n=`${r} ${e.path}`;for(;this.#z.has(n);)n+="'";for(let i of(this.#z.add(n),this.#L.set(e,n),this.#P.set(e,r),this.#O.set(e,t),this.#C.has(e.path)||this.#C.set(e.path,e),e.children))this.#R(i,e,r);this.#N.add(e)}#_(e,t,r){let n=V(e,t),i=n!==e.className?e.className:"ml"===e.type?"":e.type;return{key:this.keyOf(e),node:e,members:[e],label:n,detail:i,whole:r}}#B(e,t){let r=this.#O.get(e)??null,n=r?t.whole:e.energy?.joules??0;return this.#_(e,r?.path??null,n)}#J(e,t,r){let n,i=e[0];if(1===e.length)return this.#_(i,t.path,r);let o=e[e.length-1];return{key:`${this.keyOf(i)} and alike`,node:null,members:e,label:`${e.length} \xd7 ${i.className}`,detail:`${V(i,t.path)} … ${n=o.path,K.exec(n)?.[2]??""}`,whole:r}}#s(e,t){return e.map((e,r)=>({...e,parent:t,order:r,level:(t?.level??0)+1,outside:!!t&&(t.outside||ea(t)),expanded:!1,children:null}))}}let eb=["tree","icicle"],ev=[1,2,3,4];function ey(e,t,r){let n=w("button","button",{type:"button",title:t},e);return n.addEventListener("click",r),n}function ek(e,t,r){let n=w("select","select",{"data-menu":e.toLowerCase()});for(let e of t)n.append(w("option","",{value:e},e));return n.addEventListener("change",()=>{let e=t.find(e=>e===n.value);e&&r(e)}),{element:w("label","menu",{},`${e} `,n),select:n}}let e$=()=>w("div","segments",{role:"group","aria-label":"Open levels"}),ej=()=>w("span","toolbar-label",{"aria-hidden":"true"},"Levels");function eS(e,t,r){if(e.dataset.height===String(t))return;e.dataset.height=String(t);let n=(e,t,n)=>ey(e,t,()=>r(n));e.replaceChildren(n("None","Close every row",0),...ev.filter(e=>e<t-1).map(e=>n(String(e),`Open ${e} level${1===e?"":"s"}`,e)),n("All","Open every row",t))}class eA{element=w("div","toolbar",{role:"group","aria-label":"View"});search;status=w("p","status",{role:"status"});#U=e$();#F=w("div","tools",{},ej(),this.#U);#q;#I;#H=new Map;#n;constructor(e){this.#n=e;let t=ey("Follow the energy","Open the path to the node that spends the most",()=>e.followEnergy());t.classList.add("irene-primary"),this.search=this.#W();let r=ek("Sort",ew,t=>e.sort(t)),n=ek("Unit",y,t=>e.unit(t));this.#I=r.select,this.#q=n.select;let i=w("div","segments",{role:"group","aria-label":"Drawn as"});for(let t of eb){let r=ey("tree"===t?"Tree":"Icicle","tree"===t?"A table of rows that open":"Boxes as wide as their energy",()=>e.view(t));this.#H.set(t,r),i.append(r)}this.element.append(t,this.search,this.#F,w("span","spring"),w("div","tools",{},r.element,n.element,i))}show(e){for(let[t,r]of(this.#q.value=e.unit,this.#I.value=e.sort,this.#F.hidden="icicle"===e.view,this.#I.disabled="icicle"===e.view,this.#H))r.setAttribute("aria-pressed",String(t===e.view));eS(this.#U,e.height,e=>this.#n.depth(e))}tell(e){this.status.textContent!==e&&(this.status.textContent=e)}#W(){let e=w("input","search",{type:"search",placeholder:"Search","aria-label":"Search modules by path or class",maxlength:"200",spellcheck:"false",autocomplete:"off"});return e.addEventListener("input",()=>this.#n.search(e.value)),e.addEventListener("keydown",t=>{"Enter"===t.key||"ArrowDown"===t.key?(t.preventDefault(),this.#n.toMatches()):"Escape"===t.key&&e.value&&(t.preventDefault(),t.stopPropagation(),e.value="",this.#n.search(""))}),e}}let eM=e=>"object"==typeof e&&null!==e&&!Array.isArray(e),eE=e=>eM(e)?e:{},eC=e=>Array.isArray(e)?e:[],eT=e=>"string"==typeof e?e:"",eO=e=>eC(e).map(eT).filter(Boolean),eL=e=>"number"==typeof e&&Number.isFinite(e)?e:null;function eP(e){let t=eE(e),r=new Map,n=[t.root];for(;n.length;){let e=n.pop();if(!eM(e))continue;let t=eL(eE(e.energy).joules);null!==t&&r.set(eT(e.path),t),n.push(...eC(e.children))}return{phase:eT(t.phase),model:eT(t.model),calls:((e,t=0)=>eL(e)??t)(t.calls,1),tokens:((e,t=0)=>eL(e)??t)(t.tokens),seconds:eL(t.seconds),joules:((e,t=0)=>eL(e)??t)(t.joules),joulesAt:r}}function ez(e){let t=eE(e);return{name:eT(t.name),kind:eT(t.kind),seconds:eL(t.seconds),joules:eL(t.joules)}}function eN(e){let t=eE(e);return{name:eT(t.name),joules:eL(t.joules),used:!0===t.used,reason:eT(t.reason)||null}}class eD extends Error{}let eR={numParameters:0,flops:0,bytes:0,calls:1,inputShapes:[],outputShapes:[],dtype:null,device:null,latencySeconds:null,operation:null,resources:[]};function e_(e,t,r=null){var n,i,o,s,a;let l,h,d,p;if(!eM(e))throw new eD("a node is not an object");if(t>256)throw new eD("the tree is deeper than 256 levels");let c=eM(e.energy)?e.energy:null,u=((e,t=0)=>eL(e)??t)(c?.joules);return{path:eT(e.path),type:eT(e.type),className:eT(e.class_name),primitive:(eT(e.primitive)||null)??r?.primitive??null,energy:c&&{joules:u,low:((e,t=0)=>eL(e)??t)(c.low,u),high:((e,t=0)=>eL(e)??t)(c.high,u),source:eT(c.source)},ownJoules:(n=e.own_joules,null!==(l=eL(n))&&l<1e-9*u?0:l),features:(s=e.features,a=r?.features??eR,d=eE(s),p=(e,t)=>e in d?eC(d[e]).map(e=>{let t=eC(e).map(e=>((e,t=0)=>eL(e)??t)(e));return t.length?t.join(" \xd7 "):"scalar"}):t,{numParameters:((e,t=0)=>eL(e)??t)(d.num_parameters,a.numParameters),flops:((e,t=0)=>eL(e)??t)(d.flops,a.flops),bytes:((e,t=0)=>eL(e)??t)(d.bytes,a.bytes),calls:((e,t=0)=>eL(e)??t)(d.calls,a.calls),inputShapes:p("input_shapes",a.inputShapes),outputShapes:p("output_shapes",a.outputShapes),dtype:(eT(d.dtype)||null)??a.dtype,device:(eT(d.device)||null)??a.device,latencySeconds:eL(d.latency_seconds)??a.latencySeconds,operation:(eT(d.operation)||null)??a.operation,resources:eM(d.resources)?Object.entries(d.resources).map(([e,t])=>[e,((e,t=0)=>eL(e)??t)(t)]):a.resources}),flags:eO(e.flags),children:(i=e.children,o=t+1,h=new Map,eC(i).map((e,t)=>{let n=eM(e)&&"string"==typeof e.like?e.like:null,i=e_(e,o,(null===n?r?.children[t]:h.get(n))??null);return h.has(i.path)||h.set(i.path,i),i}))}}function eJ(e){let t=eE(e);return{model:eT(t.model),phase:eT(t.phase)||null,status:eT(t.status),calls:((e,t=0)=>eL(e)??t)(t.calls,1),seconds:eL(t.seconds),batchSize:eL(t.batch_size),seqLen:eL(t.seq_len),joules:eL(t.joules)}}function eB(e){var t,r,n;let i;if(!eM(e)||"irene.energy"!==e.kind)throw new eD("this is not an energy report");if(1!==e.schema_version)throw new eD(`the report has schema version ${String(e.schema_version)}, this view reads version 1; update irene-jupyter`);let o=eE(e.device);return{mode:eT(e.mode),root:null==e.root?null:e_(e.root,0),notRun:eC(e.not_run).map(e=>e_(e,0)),runs:eC(e.runs).map(eJ),phases:eC(e.phases).map(eP),device:{label:eT(o.label)||eT(o.name),kind:eT(o.kind)},...(i=eM((t=e).measured)?t.measured:null,{parts:eC(t.parts).map(ez),measured:i&&{joules:eL(i.joules),scope:eT(i.scope),reason:eT(i.reason)||null,counters:eC(i.counters).map(eN)},observer:eM(r=t.observer)?{stages:Object.entries(eE(r.stages)).map(([e,t])=>[e,((e,t=0)=>eL(e)??t)(t)]),duringSeconds:((e,t=0)=>eL(e)??t)(r.during_seconds),percent:eL(r.percent)}:null,resources:eM(n=t.resources)?{seconds:eL(n.duration_seconds),cpuPercent:eL(n.cpu_percent),memoryPercent:eL(n.memory_percent_mean),memoryPercentMost:eL(n.memory_percent_max),gpus:eC(n.gpus).map(e=>{let t=eE(e);return{name:eT(t.name)||"GPU",percent:eL(t.utilisation_percent),watts:eL(t.watts)}}),overheadSeconds:eL(n.overhead_seconds),notes:eO(n.notes)}:null}),notes:eO(e.notes)}}let eU=["path","depth","type","class_name","primitive","calls","joules","low","high","source","share_of_root","share_of_parent","own_joules","flops","bytes","num_parameters","latency_seconds","flags"];function eF(e){if(null===e)return"";if("number"==typeof e)return String(e);let t=/^[=+\-@\t\r]/.test(e)?`'${e}`:e;return/[",\r\n]/.test(t)?`"${t.replaceAll('"','""')}"`:t}function eq(e){let t=[eU],r=e.root?.energy?.joules??null,n=(e,t)=>null!==e&&t?e/t:null,i=(e,o,s)=>{let{energy:a,features:l}=e,h=a?.joules??null;for(let d of(t.push([e.path,o,e.type,e.className,e.primitive,l.calls,h,a?.low??null,a?.high??null,a?.source??null,n(h,r),n(h,s),e.ownJoules,l.flops,l.bytes,l.numParameters,l.latencySeconds,e.flags.join("; ")]),e.children))i(d,o+1,h)};return e.root&&i(e.root,0,null),t.map(e=>`${e.map(eF).join(",")}\r
`).join("")}async function eI(e){try{return await navigator.clipboard.writeText(e),!0}catch{let t=document.createElement("textarea");t.value=e;let r=document.activeElement;document.body.append(t),t.select();let n=document.execCommand("copy");return t.remove(),r instanceof HTMLElement&&r.focus({preventScroll:!0}),n}}function eH(e,t,r){let n=w("tr","");for(let e of t)n.append(w("th","",{scope:"col"},e));let i=w("tbody","");for(let e of r){let t=w("tr","");e.forEach((e,r)=>t.append(r?w("td","",{},e):w("th","",{scope:"row"},b(e,"table-name")))),i.append(t)}let o=w("table","table",{"aria-label":e},w("thead","",{},n),i);return w("div","table-slot",{role:"group","aria-label":e,tabindex:"0"},o)}function eW(e){e.x0=Math.round(e.x0),e.y0=Math.round(e.y0),e.x1=Math.round(e.x1),e.y1=Math.round(e.y1)}function eK(e){var t=0,r=e.children,n=r&&r.length;if(n)for(;--n>=0;)t+=r[n].value;else t=1;e.value=t}function eV(e,t){e instanceof Map?(e=[void 0,e],void 0===t&&(t=eZ)):void 0===t&&(t=eG);for(var r,n,i,o,s,a=new eY(e),l=[a];r=l.pop();)if((i=t(r.data))&&(s=(i=Array.from(i)).length))for(r.children=i,o=s-1;o>=0;--o)l.push(n=i[o]=new eY(i[o])),n.parent=r,n.depth=r.depth+1;return a.eachBefore(eX)}function eG(e){return e.children}function eZ(e){return Array.isArray(e)?e[1]:null}function eQ(e){void 0!==e.data.value&&(e.value=e.data.value),e.data=e.data.data}function eX(e){var t=0;do e.height=t;while((e=e.parent)&&e.height<++t)}function eY(e){this.data=e,this.depth=this.height=0,this.parent=null}function e0(e,t){let r=(function(){var e=1,t=1,r=0,n=!1;function i(i){var o,s,a=i.height+1;return i.x0=i.y0=r,i.x1=e,i.y1=t/a,i.eachBefore((o=t,s=a,function(e){e.children&&function(e,t,r,n,i){for(var o,s=e.children,a=-1,l=s.length,h=e.value&&(n-t)/e.value;++a<l;)(o=s[a]).y0=r,o.y1=i,o.x0=t,o.x1=t+=o.value*h}(e,e.x0,o*(e.depth+1)/s,e.x1,o*(e.depth+2)/s);var t=e.x0,n=e.y0,i=e.x1-r,a=e.y1-r;i<t&&(t=i=(t+i)/2),a<n&&(n=a=(n+a)/2),e.x0=t,e.y0=n,e.x1=i,e.y1=a})),n&&i.eachBefore(eW),i}return i.round=function(e){return arguments.length?(n=!!e,i):n},i.size=function(r){return arguments.length?(e=+r[0],t=+r[1],i):[e,t]},i.padding=function(e){return arguments.length?(r=+e,i):r},i})()(eV(e,e=>e.children).sum(e=>{let t=e.children.reduce((e,t)=>e+(t.energy?.joules??0),0);return Math.max(0,(e.energy?.joules??0)-t)})),n=[],i=(e,o)=>{let[s,a]=(r.value??0)>0?[e.x0,e.x1]:[0,+!o];if(a-s<t)return;let l={node:e.data,parent:o,level:e.depth,left:s,right:a};for(let t of(n.push(l),e.children??[]))i(t,l)};return i(r,null),n}eY.prototype=eV.prototype={constructor:eY,count:function(){return this.eachAfter(eK)},each:function(e,t){let r=-1;for(let n of this)e.call(t,n,++r,this);return this},eachAfter:function(e,t){for(var r,n,i,o=this,s=[o],a=[],l=-1;o=s.pop();)if(a.push(o),r=o.children)for(n=0,i=r.length;n<i;++n)s.push(r[n]);for(;o=a.pop();)e.call(t,o,++l,this);return this},eachBefore:function(e,t){for(var r,n,i=this,o=[i],s=-1;i=o.pop();)if(e.call(t,i,++s,this),r=i.children)for(n=r.length-1;n>=0;--n)o.push(r[n]);return this},find:function(e,t){let r=-1;for(let n of this)if(e.call(t,n,++r,this))return n},sum:function(e){return this.eachAfter(function(t){for(var r=+e(t.data)||0,n=t.children,i=n&&n.length;--i>=0;)r+=n[i].value;t.value=r})},sort:function(e){return this.eachBefore(function(t){t.children&&t.children.sort(e)})},path:function(e){for(var t=this,r=function(e,t){if(e===t)return e;var r=e.ancestors(),n=t.ancestors(),i=null;for(e=r.pop(),t=n.pop();e===t;)i=e,e=r.pop(),t=n.pop();return i}(t,e),n=[t];t!==r;)n.push(t=t.parent);for(var i=n.length;e!==r;)n.splice(i,0,e),e=e.parent;return n},ancestors:function(){for(var e=this,t=[e];e=e.parent;)t.push(e);return t},descendants:function(){return Array.from(this)},leaves:function(){var e=[];return this.eachBefore(function(t){t.children||e.push(t)}),e},links:function(){var e=this,t=[];return e.each(function(r){r!==e&&t.push({source:r.parent,target:r})}),t},copy:function(){return eV(this).eachBefore(eQ)},[Symbol.iterator]:function*(){var e,t,r,n,i=this,o=[i];do for(e=o.reverse(),o=[];i=e.pop();)if(yield i,t=i.children)for(r=0,n=t.length;r<n;++r)o.push(t[r]);while(o.length)}};let e1=e=>e.reduce((e,t)=>Math.max(e,t.level+1),0),e2=[[255,245,235],[254,230,206],[253,208,162],[253,174,107],[253,141,60],[241,105,19],[217,72,1],[166,54,3],[127,39,4]];function e6(e){let t=Math.sqrt(Math.min(1,Math.max(0,e??0)))*(e2.length-1),r=Math.min(Math.floor(t),e2.length-2),[n,i]=[e2[r],e2[r+1]],o=n.map((e,n)=>Math.round(e+(i[n]-e)*(t-r))),s=function(e){let[t,r,n]=e.map(e=>{let t=e/255;return t<=.04045?t/12.92:((t+.055)/1.055)**2.4});return .2126*t+.7152*r+.0722*n}(o);return{fill:`rgb(${o.join(", ")})`,ink:1.05/(s+.05)>(s+.05)/.05?"#ffffff":"#000000"}}let e4=1/1500;class e5{element;#K=w("div","crumbs");#V=w("div","boxes",{role:"tree","aria-label":"Energy by module"});#y;#G=new WeakMap;#Z=new Map;#Q=null;#X=null;constructor(e){this.#y=e,this.element=w("div","icicle",{},this.#K,this.#V),this.#V.addEventListener("click",e=>{let t=this.#Y(e);t&&(this.#ee(t.node),this.#y(t.node))}),this.#V.addEventListener("dblclick",e=>{let t=this.#Y(e);t&&this.#et(t.node)}),this.#V.addEventListener("keydown",e=>{let t=this.#Y(e);t&&N(e)&&this.#k(t,e.key)&&e.preventDefault()})}draw(e){this.#Q=e;let t=this.#V.contains(document.activeElement),r=null===this.#X?[]:e3(e.root,this.#X),n=r.at(-1)??e.root;n===e.root&&(this.#X=null);let i=e0(n,e4);this.#er(r),this.#Z.clear();let o=i.map(t=>this.#en(t,e));this.#V.style.height=`${32*e1(i)}px`,this.#V.replaceChildren(...o);let s=(e.selected&&this.#Z.get(e.selected))??this.#Z.get(n);s&&(s.tabIndex=0,t&&s.focus({preventScroll:!0}))}reveal(e){!this.#Q||this.#Z.has(e)||(this.#X=null,this.draw(this.#Q))}#en(e,{root:t,selected:r,unit:n}){let{node:i}=e,o=t.energy?.joules??0,s=i.energy?.joules??null,a=null!==s&&o>0?s/o:null,l=V(i,e.parent?.node.path??null),h=`${E(a)}, ${C(s,"%"===n?"J":n,o)}`,d=[...new Set(i.flags.map(B))].join(", "),p=`${v(i.path||l)}, ${v(i.className)}, ${h}`,c=w("div","box",{role:"treeitem",tabindex:"-1","aria-level":String(e.level+1),"aria-selected":String(i===r),"aria-label":d?`${p}; ${v(d)}`:p,title:d?`${p}
⚠ ${v(d)}`:p}),{fill:u,ink:f}=e6(a),{style:m}=c;m.left=`${(100*e.left).toFixed(4)}%`,m.width=`${(100*(e.right-e.left)).toFixed(4)}%`,m.top=`${32*e.level}px`,m.background=u,m.color=f,d&&(c.dataset.flagged=""),e.right-e.left>=.03&&c.append(b(d?`⚠ ${l}`:l,"box-name"));let g=E(a);return e.right-e.left>=.008*(l.length+g.length+3)&&c.append(w("span","box-share",{},g)),this.#G.set(c,e),this.#Z.set(i,c),c}#er(e){e.length<2?this.#K.replaceChildren(w("span","crumb-hint",{},"Double-click or press Enter to zoom in")):this.#K.replaceChildren(...e.map((t,r)=>{let n=V(t,e[r-1]?.path??null),i=w("button","crumb",{type:"button",...r===e.length-1?{"aria-current":"true"}:{}},b(n,""));return i.addEventListener("click",()=>this.#et(t)),i}))}#et(e){if(!this.#Q)return;let t=!e.children.length,r=t?this.#G.get(this.#Z.get(e)??this.element)?.parent:null;this.#X=(t?r?.node:e)?.path??null,this.draw(this.#Q),this.#ee(this.#Z.has(e)?e:null)}#Y(e){let t=e.target?.closest(".irene-box");return(t&&this.#G.get(t))??null}#ee(e){let t=e&&this.#Z.get(e);if(!t)return!1;for(let e of this.#V.querySelectorAll('[tabindex="0"]'))e.setAttribute("tabindex","-1");return t.tabIndex=0,t.focus({preventScroll:!0}),t.scrollIntoView({block:"nearest"}),!0}#k(e,t){let r=t=>{let r=(e.parent?.node.children??[]).filter(e=>this.#Z.has(e));return r[r.indexOf(e.node)+t]};switch(t){case"ArrowDown":return this.#ee(e.node.children.find(e=>this.#Z.has(e)))||!0;case"ArrowUp":return this.#ee(e.parent?.node)||!0;case"ArrowRight":return this.#ee(r(1))||!0;case"ArrowLeft":return this.#ee(r(-1))||!0;case"Home":return this.#et(this.#Q?.root??e.node),!0;case"Enter":return e.node===this.#Q?.selected?this.#et(e.node):this.#y(e.node),!0;case" ":return this.#y(e.node),!0;case"Backspace":{let e=(this.#Q&&null!==this.#X?e3(this.#Q.root,this.#X):[]).at(-2);return e&&this.#et(e),!0}default:return!1}}}function e3(e,t){if(e.path===t)return[e];for(let r of e.children){let n=e3(r,t);if(n.length)return[e,...n]}return[]}let e8="http://www.w3.org/2000/svg",e9=.5/1200;function e7(e,t,r){let n=document.createElementNS(e8,e);for(let[e,r]of Object.entries(t))n.setAttribute(e,String(r));return void 0!==r&&(n.textContent=r),n}function te(e,t){let r=Math.floor((t-10)/6.4);return e.length<=r?e:r>=4?`${e.slice(0,r-1)}…`:""}let tt=e=>v(e).replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g," ");function tr(e){let{root:t}=e;if(!t)return"";let r=t.energy?.joules??0,n=e0(t,e9),i=58+26*e1(n)+16,o=`${tt(t.className)}: ${C(t.energy?.joules??null,"J",r)}`,s=e7("svg",{xmlns:e8,viewBox:`0 0 1200 ${i}`,width:1200,height:i,role:"img","font-family":"system-ui, sans-serif","font-size":12});for(let{node:t,parent:a,level:l,left:h,right:d}of(s.append(e7("title",{},o),e7("rect",{width:1200,height:i,fill:"#ffffff"}),e7("text",{x:16,y:26,"font-size":18,"font-weight":600,fill:"#222222"},o),e7("text",{x:16,y:45,fill:"#555555"},tt(U(e)))),n)){let e=t.energy?.joules??null,n=null!==e&&r>0?e/r:null,{fill:i,ink:o}=e6(n),p=16+1168*h,c=(d-h)*1168,u=58+26*l,f=tt(V(t,a?.node.path??null)),m=e7("g",{});m.append(e7("title",{},`${tt(t.path||f)} (${tt(t.className)}): ${C(e,"J",r)}, ${E(n)}`),e7("rect",{x:p,y:u,width:c,height:26,fill:i,stroke:"#ffffff","stroke-width":1}));let g=te(`${f}  ${E(n)}`,c)||te(f,c);g&&m.append(e7("text",{x:p+5,y:u+17,fill:o},g)),s.append(m)}return new XMLSerializer().serializeToString(s)}let tn=new WeakMap;class ti{#ei;#eo=w("div","head-slot");#es=w("div","foot-slot");#ea=w("div","detail",{role:"group","aria-label":"Selected node"});#el=w("div","panes");#eh;#ed;#ep;#ec;#eu;#l;#ef;#em=null;#eg=null;#ew="";#D="order";#ex;#e;constructor(e,t,r,n){var i;let o,s;this.#ei=n,this.#ec=t,this.#eu=r,this.#ex=n.unit??"J",this.#e=n.view??"tree",this.#l=new ex(t),this.#ef=this.#l.height(),this.#l.expandTo(n.expandedDepth??2),this.#em=this.#eb(n.selected??""),this.#eh=new eA({followEnergy:()=>this.#ev(),search:e=>this.#ey(e),toMatches:()=>this.#ek(),depth:e=>{this.setDepth(e),n.onDepth?.(e)},sort:e=>{this.#D=e,this.#l.sort(e),this.#e$()},unit:e=>{e!==this.#ex&&(this.setUnit(e),n.onUnit?.(e))},view:e=>this.#ej(e)}),this.#ed=new D("Energy by module",eu(),this.#l,{cells:(e,t)=>(function(e,t,r){let n;if(t.dataset.kind=ea(e)?"section":e.node?.type??"group",t.toggleAttribute("data-outside",e.outside),ea(e))return[eg(e,r)];let i=ep(e);t.dataset.source=i??"";let o=en(e),s=ei(e);return[eg(e,r),function(e,t,r){let n=w("span","percent",{},E(e));if(null===e)return ef("share",n);let i=w("span","bar",{"aria-hidden":"true"},w("span","fill")),o=Math.min(1,e);return i.style.setProperty("--share",String(o)),i.style.setProperty("--heat-at",`${(100*Math.sqrt(o)).toFixed(1)}%`),i.style.setProperty("--own",String(r>0?Math.min(1,t/r):0)),ef("share",i,n)}(eh(e),s??0,o??0),ef("energy",C(o,r,e.whole)),ef("of-parent",E(ed(e))),ef("own",es(e)?C(s,r,e.whole):""),ef("range",(n=eo(e))&&null!==o?T(...n,o,r,e.whole):"–"),ef("source",i?w("span","badge",{"data-source":i},v(i)):null)]})(e,t,this.#ex),isSelected:e=>e.node?e.key===this.#em?.key:null,choose:e=>this.#y(e),key:(e,t)=>this.#c(e,t)}),this.#ep=new e5(e=>{let t=this.#l.chain(e).at(-1);t&&this.#y(t)}),e.replaceChildren(this.#eo,this.#eh.element,this.#eh.status,this.#el,this.#es,(i=()=>({report:this.#ec,data:this.#eu}),o=w("div","saving",{role:"group","aria-label":"Save the report"},"Save as "),(s=(e,t,r,n)=>o.append(ey(e,t,()=>{var t,o,s;let a,l,h,{report:d,data:p}=i();t=e.toLowerCase(),a=d.root?.className??d.notRun[0]?.className??"",o=`${a.replace(/[^A-Za-z0-9_-]+/g,"_").slice(0,60)||"report"}.${t}`,s=n(d,p),l=URL.createObjectURL(new Blob([s],{type:r})),(h=document.createElement("a")).href=l,h.download=o,h.click(),setTimeout(()=>URL.revokeObjectURL(l),1e4)})))("JSON","The whole report","application/json",(e,t)=>JSON.stringify(t)),s("CSV","One line for each node","text/csv",eq),s("SVG","The icicle as a picture","image/svg+xml",tr),o)),this.#eS(),this.#em&&this.#ed.moveTo(this.#em)}update(e,t){let r=this.#l,n=this.#em?.node?.path??"";this.#ec=e,this.#eu=t,this.#l=new ex(e,this.#D),this.#l.expandAs(r),this.#ef=this.#l.height(),this.#em=this.#eA(n)??this.#eA(""),this.#eS()}select(e){if(this.#em?.node?.path===e)return!0;this.#ew&&this.#eM();let t=this.#eE(e);return!!t&&(this.#eC(t),"tree"===this.#e&&this.#ed.moveTo(t),!0)}expandTo(e){return null!==this.#eE(e)}setDepth(e){this.#ew&&this.#eM(),this.#l.expandTo(e),this.#ed.draw()}setUnit(e){e!==this.#ex&&(this.#ex=e,this.#eS())}setView(e){e!==this.#e&&(this.#e=e,this.#em?.node&&this.#eb(this.#em.node.path),this.#eS(),"tree"===e&&this.#em&&this.#ed.moveTo(this.#em))}#eS(){let e=function(e){let t=e.phases.map(e=>[`${e.model} ${e.phase}`,e.calls.toLocaleString("en"),e.tokens.toLocaleString("en"),J(e.seconds),_(e.joules),_(e.tokens?e.joules/e.tokens:null),J(e.tokens&&null!==e.seconds?e.seconds/e.tokens:null)]),r=function(e){let{parts:t}=e,r=null!==e.measured&&null!==e.measured.joules,n=t.every(e=>"model"===e.kind||"rest"===e.kind);if(!e.root||!t.length||!r&&n)return[];let i=e=>e.reduce((e,t)=>e+(t??0),0);return[...t.map(e=>[e.name+("model"===e.kind?" (forward)":""),J(e.seconds),null===e.joules?"not measured":_(e.joules)]),["The whole cell",J(i(t.map(e=>e.seconds))),r?_(i(t.map(e=>e.joules))):"–"]]}(e),n=[function(e){let{measured:t}=e;if(!t||!e.root)return"";if(null===t.joules){let e=t.counters.map(e=>e.reason?.split(";")[0]??"").filter(Boolean).join("; ")||t.reason||"",r=e&&` (${e})`;return`No energy was measured here${r}; \`irene-jupyter doctor\` tells more`}let r=t.counters.map(e=>e.used?`${e.name} ${_(e.joules)}`:`${e.name} not counted: ${e.reason??""}`);return`Energy counters here: ${r.join("; ")}`}(e),function(e){let t=e.resources;if(!t||!e.root)return"";let r=e=>`${Math.round(e)} %`,n=[];if(null!==t.seconds&&n.push(j(t.seconds,"s",S)),null!==t.cpuPercent&&n.push(`CPU ${r(t.cpuPercent)}`),null!==t.memoryPercent){let e=t.memoryPercentMost,i=null===e?"":` (most ${r(e)})`;n.push(`memory ${r(t.memoryPercent)}${i}`)}for(let e of t.gpus.slice(0,8)){let t=null===e.percent?"":` ${r(e.percent)}`;n.push(`${e.name}${t}${null===e.watts?"":` ${Math.round(e.watts)} W`}`)}return null!==t.overheadSeconds&&n.push(`sampling took ${j(t.overheadSeconds,"s",S)}`),n.push(...t.notes),n.length?`This machine meanwhile: ${n.join(", ")}`:""}(e),function(e){let t=e.observer;if(!t||!e.root)return"";let r=t.stages.filter(([,e])=>e>0).map(([e,t])=>`${e} ${j(t,"s",S)}`).join(", "),n=null===t.percent?"":` (${E(t.percent/100)})`,i=j(t.duringSeconds,"s",S);return`Watching added ${i}${n} to the cell`+(r&&`; in all: ${r}`)}(e)].filter(Boolean);if(!t.length&&!r.length&&!n.length)return null;let i=w("div","foot");for(let e of(t.length&&i.append(eH("Phases of generation",H,t)),r.length&&i.append(eH("Parts of the cell",I,r)),n))i.append(w("p","line",{},b(e,"")));return i}(this.#ec);this.#eo.replaceChildren(function(e,t){let r,n,i,o,s=w("div","head");s.append((r=e.root?.energy??null,n=r?.joules??0,i="%"===t?"J":t,w("p","total",{},w("strong","total-value",{},r?C(n,i,n):"Nothing ran"),r&&r.high>r.low?w("span","interval",{},`90 % interval ${T(r.low,r.high,n,i,n)}`):null)),w("p","provenance",{},b(U(e),"")));let a=(o=new Set(e.phases.map(e=>JSON.stringify([e.model,e.phase]))),e.runs.filter(e=>"run"!==e.status||!o.has(JSON.stringify([e.model,e.phase]))));if(a.length){let r=e.root?.energy?.joules??0,n=w("ul","runs",{"aria-label":"Runs"}),i="%"===t?"J":t;for(let e of a.slice(0,6))n.append(function(e,t,r){let n=[e.phase,"run"===e.status?`${e.calls.toLocaleString("en")} call${1===e.calls?"":"s"}`:null,"not_run"===e.status?"not run":null,"incomplete"===e.status?"incomplete":null,null===e.batchSize?null:`batch ${e.batchSize}`,null===e.seqLen||1===e.seqLen?null:`length ${e.seqLen}`,null===e.seconds?null:j(e.seconds,"s",S),null===e.joules?null:C(e.joules,t,r),null===e.joules||e.calls<2?null:`${C(e.joules/e.calls,t,r)} per call`],i=w("li","run",{},b(e.model,"run-model"));for(let e of n)e&&i.append(w("span","fact",{},e));return i}(e,i,r));let o=a.length-6;o>0&&n.append(w("li","run",{},`and ${o} more`)),s.append(n)}let l=W(q(e));return l&&s.append(l),s}(this.#ec,this.#ex)),this.#es.replaceChildren(...e?[e]:[]),this.#eh.show({unit:this.#ex,sort:this.#D,view:this.#e,height:this.#ef});let t="tree"===this.#e?this.#ed.element:this.#ep.element;this.#el.firstElementChild!==t&&this.#el.replaceChildren(t,this.#ea),this.#eT(),this.#eO()}#eT(){if("tree"===this.#e)return void this.#e$();let e=this.#em?.node??null,t=(e&&this.#ec.notRun.find(t=>to(t,e)))??this.#ec.root??this.#ec.notRun[0];t&&this.#ep.draw({root:t,selected:e,unit:this.#ex})}#e$(){this.#eg=this.#ew?function(e,t){let r=t.toLowerCase().split(/\s+/).filter(Boolean),n=0,i=[];for(let t of e.nodes())r.every(e=>(function(e){let t=tn.get(e);return void 0===t&&(t=`${e.path}
${e.className}
${e.primitive??""}`.toLowerCase(),tn.set(e,t)),t})(t).includes(e))&&++n<=200&&i.push(e.chain(t));let o=new Map,s=[],a=i[0]?.at(-1);for(let e of i){let t=null;for(let r of e){let e=o.get(r);!e&&(e={...r,parent:t,expanded:!1,children:null},o.set(r,e),t?(t.children??=[]).push(e):s.push(e),t&&(t.expanded=!0)),t=e}}for(let t of o.values())t.children&&e.sorted(t.children);return{matches:n,first:(a&&o.get(a))??null,top:s,childrenOf:t=>e.childrenOf(t),hasChildren:t=>ea(t)||e.hasChildren(t)}}(this.#l,this.#ew):null;let e=this.#eg;if(this.#ed.show(e??this.#l),!e)return;let t=e.matches.toLocaleString("en");this.#eh.tell(e.matches>200?`${t} nodes match; the first 200 are shown`:`${t} node${1===e.matches?"":"s"} match${1===e.matches?"es":""}`)}#eO(){let e=this.#em;if(!e)return void this.#ea.replaceChildren(w("p","hint",{},"Select a row to see its details."));let t=ey("Copy row","Copy this row to the clipboard (Ctrl+C in the tree)",()=>this.#eL(e));this.#ea.replaceChildren(function(e,t,r,n){let i=document.createDocumentFragment(),o=e.node;if(!o)return i;if(i.append(w("h3","detail-title",{},b(o.className,"detail-class"))),o.path&&i.append(w("p","detail-path",{},b(o.path,"path"))),e.outside&&i.append(w("p","detail-outside",{},"Not in the total")),o.flags.length){let e=w("ul","flags",{"aria-label":"Flags"});for(let t of o.flags)e.append(w("li","note",{},b(t,"")));i.append(e)}let s="%"===n?"J":n,a=[["Type",o.type]];o.primitive&&a.push(["Primitive",o.primitive]),o.features.operation&&a.push(["Operation",o.features.operation]);let l=w("dl","facts");for(let[n,i]of[...function(e,t,r,n){let i=[],{energy:o}=e;if(!o)return[["Energy","unknown"]];i.push(["Energy",C(o.joules,n,t.whole)]);let s=eo(t);s&&i.push(["90 % interval",T(...s,o.joules,n,t.whole)]);let a=eh(t);null!==a&&i.push([t.outside?"Share of its model":"Share of total",E(a)]);let l=ed(t);null!==l&&i.push(["Share of parent",E(l)]);let h=ei(t);e.children.length&&null!==h&&i.push(["Own energy",C(h,n,t.whole)]);let d=function(e,t,r,n){let i=r.alike(e);if(i.length<2)return null;let o=i.reduce((e,t)=>e+(t.energy?.joules??0),0),s=t.whole>0?` (${E(o/t.whole)})`:"";return`${i.length}, together ${C(o,n,t.whole)}${s}`}(e,t,r,n);return d&&i.push(["Alike nodes",d]),i.push(["Source",o.source]),i}(o,e,r,s),...e.outside?[]:t.phases.flatMap(t=>{let r=t.joulesAt.get(o.path);if(void 0===r)return[];let n=o.energy?.joules??0,i=n>0?` (${E(Math.min(1,r/n))})`:"";return[[`In ${t.phase}`,C(r,s,e.whole)+i]]}),...function(e){let{features:t}=e,r=[["Calls",t.calls.toLocaleString("en")]],n=(e,t)=>{t&&r.push([e,t])};for(let[e,r]of(null!==t.latencySeconds&&n("Latency",j(t.latencySeconds,"s",S)),t.flops&&n("Compute",j(t.flops,"FLOP",A)),t.bytes&&n("Memory traffic",j(t.bytes,"B",M)),t.flops&&t.bytes&&n("Arithmetic intensity",`${k(t.flops/t.bytes)} FLOP/B`),t.numParameters&&n("Parameters",t.numParameters.toLocaleString("en")),n("Inputs",t.inputShapes.join(", ")),n("Outputs",t.outputShapes.join(", ")),n("Data type",t.dtype),n("Ran on",t.device),t.resources))n(e.replaceAll("_"," "),k(r));return r}(o),...a])l.append(w("dt","",{},n),w("dd","",{},b(x(i),"")));return i.append(l),i}(e,this.#ec,this.#l,this.#ex),w("p","actions",{},t))}#eA(e){let t=this.#l.find(e);return(t&&this.#l.chain(t).at(-1))??null}#eb(e){let t=this.#l.find(e),r=t?this.#l.chain(t):[];for(let e of r.slice(0,-1))e.expanded=!0;return r.at(-1)??null}#eE(e){let t=this.#l.find(e),r=t?this.#l.chain(t):[];for(let e of r.slice(0,-1))this.#ed.expand(e);return t&&this.#ep.reveal(t),r.at(-1)??null}#eC(e){let t=this.#em;this.#em=e,"tree"===this.#e?(this.#ed.mark(t),this.#ed.mark(e)):this.#eT(),this.#eO()}#y(e){e.node&&e.key!==this.#em?.key&&(this.#eC(e),this.#ei.onSelect?.(e.node.path))}#ev(){let e=this.#l.hottest();e?.node&&(this.#ew&&this.#eM(),this.#eE(e.node.path),this.#y(e),"tree"===this.#e&&this.#ed.focus(e),this.#eh.tell(this.#eP(e)))}#eP(e){let t=e.node;if(!t)return"";let r="%"===this.#ex?"J":this.#ex,n=C(en(e),r,e.whole),i=this.#l.alike(t),o=i.reduce((e,t)=>e+(t.energy?.joules??0),0),s=i.length>1&&e.whole>0?`; the ${i.length} alike take ${E(o/e.whole)}`:"",a=t.path?`${e.node?.path} (${t.className})`:t.className;return`Most is spent in ${a}: ${n}, ${E(eh(e))}${s}`}#ej(e){e!==this.#e&&(this.setView(e),this.#ei.onView?.(e))}#ey(e){e&&"tree"!==this.#e&&this.#ej("tree"),this.#ew=e.trim(),this.#ew||this.#eh.tell(""),this.#e$(),!this.#ew&&this.#em?.node&&(this.#eE(this.#em.node.path),this.#ed.moveTo(this.#em))}#eM(){this.#eh.search.value="",this.#ey("")}#ek(){this.#eg?this.#eg.first&&(this.#ed.focus(this.#eg.first),this.#y(this.#eg.first)):this.#ed.focus(this.#ed.current)}#c(e,t){return"/"!==t.key||t.ctrlKey||t.metaKey||t.altKey?!(!((t.ctrlKey||t.metaKey)&&"c"===t.key.toLowerCase())||String(getSelection()??""))&&(t.stopPropagation(),this.#eL(e),!0):(this.#eh.search.focus(),!0)}#eL(e){let t,r;eI((t=e.node&&e.node.path||e.label,r=en(e),[t,e.node?e.node.className:e.detail,E(eh(e)),null===r?"unknown":`${r} J`,`${E(ed(e))} of parent`,ep(e)??""].map(e=>e.replace(/[\t\r\n]+/g," ")).join("	"))).then(e=>this.#eh.tell(e?"The row is on the clipboard":"The browser does not let us copy"))}}let to=(e,t)=>e===t||e.children.some(e=>to(e,t));function ts(e,t){let r=w("div","tree",{role:"group","aria-label":t});return r.addEventListener("keydown",e=>{N(e)&&e.stopPropagation()}),e.replaceChildren(r),r}function ta(e){try{let t=eB(e);if(t.root||t.notRun.length)return t;return[w("p","empty",{},"No model was built or run here, so there is no energy to show."),...t.notes.map(e=>w("p","note",{},e))]}catch(e){if(!(e instanceof eD))throw e;return[w("p","empty",{},`Not shown: ${e.message}.`)]}}function tl(e,t,r={}){let n=ts(e,"Energy report"),i={...r},o=null,s=e=>{let t=ta(e);Array.isArray(t)?(o=null,n.replaceChildren(...t)):o?o.update(t,e):o=new ti(n,t,e,i)};return s(t),{dispose:()=>n.remove(),update:s,select:e=>o?.select(e)??!1,expandTo:e=>o?.expandTo(e)??!1,setDepth:e=>{i.expandedDepth=e,o?.setDepth(e)},setUnit:e=>{i.unit=e,o?.setUnit(e)},setView:e=>{i.view=e,o?.setView(e)}}}function th(e,t,r,n={}){let i=ts(e,"Energy comparison"),o={...n},s=null,a=(e,t)=>{let[r,n]=[ta(e),ta(t)];Array.isArray(r)||Array.isArray(n)?(s=null,i.replaceChildren(...[r,n].flatMap(e=>Array.isArray(e)?e:[]))):s?s.update(r,n):s=new tp(i,r,n,o)};return a(t,r),{dispose:()=>i.remove(),update:a,select:e=>s?.select(e)??!1,expandTo:e=>!!s?.reveal(e),setDepth:e=>{o.expandedDepth=e,s?.setDepth(e)},setUnit:e=>{o.unit=e,s?.setUnit(e)}}}let td={significant:"The intervals do not overlap","within intervals":"The intervals overlap: it may be chance","only before":"Not in the second report","only after":"Not in the first report",unknown:"One of the energies is unknown"};class tp{#ei;#ez;#eo=w("div","head-slot");#ea=w("div","detail",{role:"group","aria-label":"Selected node"});#U=e$();#q;#eN=w("p","status",{role:"status"});#ed;#eD;#eR;#em;#D="order";#ex;constructor(e,t,r,n){this.#ei=n;let[i,o]=n.labels??["before","after"];this.#ez=[v(i),v(o)],this.#ex=n.unit??"J",this.#eD=[t,r],this.#eR=new et(t.root,r.root,this.#D),this.#eR.expandTo(n.expandedDepth??2),this.#em=this.#eR.find(n.selected??"")??this.#eR.root;for(let e=this.#em.parent;e;e=e.parent)e.expanded=!0;let s=ek("Unit",y,e=>{this.setUnit(e),n.onUnit?.(e)});this.#q=s.select,this.#ed=new D("Energy by module, compared",this.#i(),this.#eR,{cells:(e,t)=>this.#e_(e,t),isSelected:e=>e.key===this.#em.key,choose:e=>this.#y(e)});let a=ek("Sort",Y,e=>{this.#D=e,this.#eR.sort(e),this.#ed.draw()}),l=ey("Follow the difference","Open the path to what differs most",()=>this.#eJ());l.classList.add("irene-primary");let h=w("div","toolbar",{role:"group","aria-label":"View"},l);h.append(w("div","tools",{},ej(),this.#U),w("span","spring"),w("div","tools",{},a.element,s.element));let d=w("div","panes",{},this.#ed.element,this.#ea);d.dataset.comparison="",e.replaceChildren(this.#eo,h,this.#eN,d),this.#eS()}update(e,t){let r=tc(this.#em),n=this.#eR;this.#eD=[e,t],this.#eR=new et(e.root,t.root,this.#D),this.#eR.expandAs(n),this.#em=this.#eR.find(r)??this.#eR.root,this.#eS()}select(e){let t=this.reveal(e);return!!t&&(this.#eC(t),this.#ed.moveTo(t),!0)}reveal(e){let t=this.#eR.find(e),r=[];for(let e=t?.parent;e;e=e.parent)r.unshift(e);for(let e of r)this.#ed.expand(e);return t}setDepth(e){this.#eR.expandTo(e),this.#ed.draw()}setUnit(e){this.#ex=e,this.#eS()}#eS(){this.#q.value=this.#ex,this.#eo.replaceChildren(this.#eB()),eS(this.#U,this.#eR.height(),e=>this.setDepth(e)),this.#ed.show(this.#eR),this.#eO()}get #eU(){return this.#eD[0].root?.energy?.joules??0}#i(){let[e,t]=this.#ez;return eu([["name","Name","Module or primitive, and its class"],["before",e,"Energy in the first report"],["after",t,"Energy in the second report"],["difference","Difference","The second report's energy less the first one's"],["change","%","The difference in percent of the first report's energy"],["verdict","Significance","Significant: the two intervals do not overlap"]])}#eB(){let e=this.#eR.root,t=Z(e),r=X(e),n="%"===this.#ex?"J":this.#ex,i=Q(e),o=w("div","head");o.append(w("p","total",{},w("strong","total-value",{},L(t,n,this.#eU)),w("span","total-change",{},null===i?"":P(i)),this.#eF(r),w("span","interval",{},td[r]))),this.#eD.forEach((e,t)=>{let r=e.root?.energy??null,i=w("p","side",{},b(this.#ez[t]??"","side-label")),s=r?`${C(r.joules,n,this.#eU)}, 90 % interval `+T(r.low,r.high,r.joules,n,this.#eU):"nothing ran";i.dataset.side=t?"after":"before",i.append(b(e.root?.className??"","run-model"),` ${s} \xb7 `),i.append(b(U(e),"side-provenance")),o.append(i)});let s=W(this.#eq());return s&&o.append(s),o}#eq(){let[e,t]=this.#eD,r=[],n=e=>r.push({sign:"⚠",text:e});e.device.label!==t.device.label&&n(`The reports are of different devices: ${e.device.label} and ${t.device.label}`);let i=[e,t].map(e=>e.root?.energy?.source??"nothing");return i[0]!==i[1]&&n(`${i[0]} is compared with ${i[1]} energy`),this.#eD.forEach((e,t)=>{for(let{sign:n,text:i}of q(e))r.push({sign:n,text:`${this.#ez[t]}: ${i}`})}),r}#e_(e,t){let r=X(e),n=Z(e);t.dataset.kind=(e.after??e.before)?.type??"",t.dataset.verdict=r,t.dataset.sign=null===n||0===n?"":n>0?"more":"less";let i=e=>ef("energy",e?this.#eI(e):""),o=w("span","delta",{"aria-hidden":"true"},w("span","delta-fill")),s=this.#eR.largest>0?Math.abs(n??0)/this.#eR.largest:0;o.style.setProperty("--length",String(s));let a=L(n,this.#ex,this.#eU);return[this.#eH(e),i(e.before),i(e.after),ef("difference",o,w("span","delta-text",{},a)),ef("change",P(Q(e))),ef("verdict",this.#eF(r))]}#eF(e){let[t,r]=this.#ez.map(e=>e.slice(0,24)),n="only before"===e?`only ${t}`:"only after"===e?`only ${r}`:e;return w("span","verdict-badge",{"data-verdict":e,title:td[e]},b(n,""))}#eI(e){return C(e.energy?.joules??null,this.#ex,this.#eU)}#eH(e){let t=ef("name",w("span","twisty",{"aria-hidden":"true"}));t.append(b(e.label,"label"));let r=[...new Set([e.before,e.after].flatMap(e=>e?[e.className]:[]))].map(v).join(" → ");return r!==e.label&&t.append(b(r,"class")),t.append(...em([...e.before?.flags??[],...e.after?.flags??[]])),t.title=`${v(tc(e))||e.label} (${r})`,t}#eO(){this.#ea.replaceChildren(w("h3","detail-title",{},b(this.#em.label,"")),w("p","hint",{},td[X(this.#em)]),function({before:e,after:t},r,n,i){let o="%"===i?"J":i,s=w("tr","",{},w("td",""));for(let e of n)s.append(w("th","",{scope:"col"},b(e,"")));let a=w("table","table",{"aria-label":"Both sides"},s),l=(n,i)=>{let o=[e?i(e,r[0]):"",t?i(t,r[1]):""];if(o.every(e=>!e))return;let s=o.map(e=>w("td","",{},b(x(e)||"–","")));a.append(w("tr","",{},w("th","",{scope:"row"},n),...s))};return l("Class",e=>e.className),l("Path",e=>e.path),l("Energy",e=>C(e.energy?.joules??null,o,0)),l("90 % interval",({energy:e})=>e?T(e.low,e.high,e.joules,o,0):""),l("Share of total",(e,t)=>{let r=t.root?.energy?.joules??0;return e.energy&&r>0?E(e.energy.joules/r):""}),l("Source",e=>e.energy?.source??""),l("Calls",e=>e.features.calls.toLocaleString("en")),l("Compute",({features:e})=>e.flops?j(e.flops,"FLOP",A):""),l("Memory traffic",({features:e})=>e.bytes?j(e.bytes,"B",M):""),l("Parameters",({features:e})=>e.numParameters?j(e.numParameters,"",A).trim():""),l("Flags",e=>e.flags.join("; ")),a}(this.#em,this.#eD,this.#ez,this.#ex))}#eC(e){let t=this.#em;this.#em=e,this.#ed.mark(t),this.#ed.mark(e),this.#eO()}#y(e){e!==this.#em&&(this.#eC(e),this.#ei.onSelect?.(tc(e)))}#eJ(){let e=this.#eR.furthest(),t=[];for(let r=e.parent;r;r=r.parent)t.unshift(r);for(let e of t)this.#ed.expand(e);this.#y(e),this.#ed.focus(e);let r="%"===this.#ex?"J":this.#ex,n=L(Z(e),r,this.#eU);this.#eN.textContent=`Most differs in ${v(tc(e))||e.label}: ${n}`}}let tc=e=>(e.after??e.before)?.path??""}}]);
// A bolt, in the colour of Jupyter's other icons.

export const ICON_SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M13.2 2.5 4.8 13.6h5.7L9.6 21.5l8.9-11.9h-6z"/>
</svg>`;

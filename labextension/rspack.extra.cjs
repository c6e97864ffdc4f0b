// What @jupyter/builder does not know: TypeScript as source, and names that do not depend on the
// folder that this lies in.
const { SwcJsMinimizerRspackPlugin } = require("@rspack/core");

module.exports = {
  resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
  module: {
    rules: [
      {
        test: /\.ts$/,
        loader: "builtin:swc-loader",
        options: {
          jsc: { parser: { syntax: "typescript" }, target: "es2022" },
        },
        type: "javascript/auto",
      },
    ],
  },
  optimization: {
    moduleIds: "natural",
    chunkIds: "natural",
    // The names of chunks hold provisional hashes of paths while the minifier looks at them, so a
    // short name must not follow from how often a letter occurs.
    minimizer: [
      new SwcJsMinimizerRspackPlugin({ minimizerOptions: { mangle: { disableCharFreq: true } } }),
    ],
  },
};

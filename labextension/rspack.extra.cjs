// What @jupyter/builder does not know: TypeScript as source, and names that do not depend on the
// folder that this lies in.
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
  optimization: { moduleIds: "natural", chunkIds: "natural" },
};

// Reports for the tests, as JSON.

type Json = Record<string, unknown>;
interface NodeJson extends Json {
  energy: { joules: number; low: number; high: number; source: string };
}

/** A node; what no child explains is its own energy. */
export function node(
  path: string,
  className: string,
  joules: number,
  children: NodeJson[] = [],
  more: Json = {},
): NodeJson {
  const below = children.reduce((sum, child) => sum + child.energy.joules, 0);
  return {
    path,
    type: children.length ? "module" : "ml",
    class_name: className,
    primitive: null,
    energy: { joules, low: 0.9 * joules, high: 1.2 * joules, source: "predicted" },
    own_joules: joules - below,
    features: { num_parameters: 1000, flops: 2e9, bytes: 4096, calls: 2 },
    flags: [],
    children,
    ...more,
  };
}

/** A primitive. */
export const leaf = (path: string, className: string, joules: number, more: Json = {}): NodeJson =>
  node(path, className, joules, [], { primitive: className, ...more });

export const report = (root: NodeJson | null, more: Json = {}): Json => ({
  schema_version: 1,
  kind: "irene.energy",
  mode: "measure",
  root,
  not_run: [],
  runs: [],
  device: { name: "gtx1080ti", label: "GTX 1080 Ti PC", kind: "reference" },
  notes: [],
  ...more,
});

const layer = (index: number, joules: number): NodeJson =>
  node(`encoder.layer.${index}`, "BertLayer", joules, [
    node(`encoder.layer.${index}.attention`, "BertAttention", (2 / 3) * joules),
    leaf(`encoder.layer.${index}.output`, "Linear", 0.25 * joules),
  ]);

/** Embeddings, three alike layers and a head: 10 J. */
export const bert = (scale = 1, more: Json = {}): Json =>
  report(
    node(
      "",
      "BertModel",
      10 * scale,
      [
        node("embeddings", "Embedding", 0.25 * scale, [], {
          flags: ["estimated: no profile fits Embedding"],
        }),
        node(
          "encoder",
          "BertEncoder",
          9.25 * scale,
          [0, 1, 2].map((index) => layer(index, 3 * scale)),
        ),
        node("pooler", "Linear", 0.25 * scale, [], { features: { flops: 1e6, calls: 2 } }),
      ],
      { type: "model" },
    ),
    more,
  );

/** Half the layers under other names, as DistilBERT has them: 5 J. */
export const distilBert = (): Json =>
  report(
    node(
      "",
      "DistilBertModel",
      5,
      [
        node("embeddings", "Embedding", 0.26),
        node("transformer", "Transformer", 4.5, [
          node("transformer.layer.0", "TransformerBlock", 4.4, [
            node("transformer.layer.0.attention", "SelfAttention", 2),
            leaf("transformer.layer.0.lin", "Linear", 1.5),
          ]),
        ]),
      ],
      { type: "model" },
    ),
  );

//! The operators that the transform promises.

use nearmiss::grad::operators;

/// What image and text encoders use between input and embedding, by whichever exporter.
const PROMISED: &str = "Conv ConvTranspose BatchNormalization LayerNormalization GroupNormalization \
    InstanceNormalization RMSNormalization LpNormalization MatMul Gemm Einsum Add Sub Mul Div Neg Abs Pow Sqrt Exp Log \
    Reciprocal Sin Cos Erf Tanh Sigmoid HardSigmoid HardSwish Swish Mish Gelu Relu LeakyRelu PRelu Elu Selu Celu \
    Softplus Softsign Clip Min Max Where Softmax LogSoftmax ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd \
    ReduceL1 ReduceL2 ReduceLogSumExp ReduceSumSquare CumSum MaxPool AveragePool GlobalAveragePool GlobalMaxPool \
    LpPool Resize Pad Reshape Flatten Transpose Squeeze Unsqueeze Expand Tile Concat Split Slice Gather \
    GatherElements GatherND ScatterElements ScatterND DepthToSpace SpaceToDepth Cast Identity Dropout Attention GRU \
    LSTM RNN Trilu TopK Sum Mean GridSample QuantizeLinear DequantizeLinear DynamicQuantizeLinear \
    com.microsoft.Gelu com.microsoft.FastGelu com.microsoft.QuickGelu com.microsoft.SkipLayerNormalization \
    com.microsoft.EmbedLayerNormalization com.microsoft.FusedMatMul com.microsoft.BiasGelu com.microsoft.Attention \
    com.microsoft.MultiHeadAttention SimplifiedLayerNormalization com.microsoft.SkipSimplifiedLayerNormalization";

#[test]
fn every_promised_operator_has_a_rule_or_a_lowering() {
    let known = operators();
    let missing: Vec<&str> = PROMISED
        .split_whitespace()
        .filter(|op| !known.contains(op))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let mut twice = known.clone();
    twice.dedup();
    assert_eq!(twice.len(), known.len(), "no operator has two");
}

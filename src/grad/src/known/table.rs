//! The table: each operator with the versions and the attributes that its rule or lowering is right for.
//!
//! The versions are those in force in operator sets from 7 on; where an older one had another form, `upgrade` brings it
//! to the newer one. An attribute may stand here that no rule reads: it changes neither the output's values nor their
//! slope (`momentum`), shapes say the same (`kernel_shape`), or it chooses a precision where all is float32.

use super::Known;
use super::Only::{self, Float, Ints, Texts};

const ACTIVATIONS: Only = Texts(&[
    "Clip",
    "Elu",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Relu",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
    "ThresholdedRelu",
]);

const REDUCTIONS: Only = Texts(&["none", "add", "mul", "max", "min"]);

/// Lines of `"operator" [versions] attributes { attribute: values, .. };`, where `![versions]` after the first list are
/// versions that are not known, of those up to [`super::NEWEST_OPSET`].
macro_rules! table {
    ($(
        $op:literal [$($version:literal)*] $(![$($refused:literal)*])?
        $($attribute:ident)* $({ $($name:ident: $only:expr),* })?;
    )*) => {
        &[$(Known {
            op: $op,
            versions: &[$($version),*],
            refused: &[$($($refused),*)?],
            attributes: &[$(stringify!($attribute)),*],
            only: &[$($((stringify!($name), $only)),*)?],
        }),*]
    };
}

/// Sorted by name.
pub(super) const TABLE: &[Known] = table! {
    "Abs" [6 13];
    "Acos" [7 22];
    "Acosh" [9 22];
    "Add" [7 13 14];
    "AffineGrid" [20] align_corners;
    "Asin" [7 22];
    "Asinh" [9 22];
    "Atan" [7 22];
    "Atanh" [9 22];
    "Attention" [23 24 25] is_causal kv_num_heads q_num_heads scale softcap softmax_precision
        { left_window_size: Ints(&[-1]), qk_matmul_output_mode: Ints(&[0, 1, 2, 3]), right_window_size: Ints(&[-1]) };
    "AveragePool" [7 10 11 19 22] auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides;
    "BatchNormalization" [7 9 14 15] epsilon momentum { spatial: Ints(&[1]), training_mode: Ints(&[0]) };
    "Cast" [6 9 13 19 21 23 24 25 28] round_mode saturate to;
    "CastLike" [15 19 21 23 24 25] round_mode saturate;
    "Ceil" [6 13];
    "Celu" [12 28] alpha;
    "CenterCropPad" [18] axes;
    "Clip" [6 11 12 13] max min;
    "Col2Im" [18] dilations pads strides;
    "Compress" [9 11 28] axis;
    "Concat" [4 11 13] axis;
    "Conv" [1 11 22] auto_pad dilations group kernel_shape pads strides;
    "ConvInteger" [10] auto_pad dilations group kernel_shape pads strides;
    "ConvTranspose" [1 11 22] auto_pad dilations group kernel_shape output_padding output_shape pads strides;
    "Cos" [7 22];
    "Cosh" [9 22];
    "CumSum" [11 14] exclusive reverse;
    "DeformConv" [19 22] dilations group kernel_shape offset_group pads strides;
    "DepthToSpace" [1 11 13 28] blocksize { mode: Texts(&["DCR", "CRD"]) };
    "DequantizeLinear" [10 13 19 21 23 24 25 28] axis block_size output_dtype;
    "Div" [7 13 14];
    "Dropout" [7 10 12 13 22] ratio seed;
    "DynamicQuantizeLinear" [11];
    "Einsum" [12 28] equation;
    "Elu" [6 22] alpha;
    "Erf" [9 13];
    "Exp" [6 13];
    "Expand" [8 13];
    "Flatten" [1 9 11 13 21 23 24 25] axis;
    "Floor" [6 13];
    "GRU" [7 14 22] activation_alpha activation_beta activations direction hidden_size layout linear_before_reset;
    "Gather" [1 11 13] axis;
    "GatherElements" [11 13] axis;
    "GatherND" [11 12 13] batch_dims;
    "Gelu" [20] { approximate: Texts(&["none", "tanh"]) };
    "Gemm" [7 9 11 13] alpha beta transA transB;
    "GlobalAveragePool" [1 22];
    "GlobalLpPool" [2 22] p;
    "GlobalMaxPool" [1 22];
    "GridSample" [16 20 22] align_corners
        { mode: Texts(&["bilinear", "linear", "nearest", "bicubic", "cubic"]), padding_mode: Texts(&["zeros", "border", "reflection"]) };
    "GroupNormalization" [18 21] epsilon num_groups { stash_type: Ints(&[1]) };
    "HardSigmoid" [6 22] alpha beta;
    "HardSwish" [14 22];
    "Identity" [1 13 14 16 19 21 23 24 25];
    "InstanceNormalization" [6 22] epsilon;
    "LRN" [1 13] alpha beta bias size;
    "LSTM" [7 14 22] activation_alpha activation_beta activations direction hidden_size layout
        { input_forget: Ints(&[0]) };
    "LayerNormalization" [17] axis epsilon { stash_type: Ints(&[1]) };
    "LeakyRelu" [6 16] alpha;
    "Log" [6 13];
    "LogSoftmax" [1 11 13] axis;
    "Loop" [1 11 13 16 19 21 23 24 25] body;
    "LpNormalization" [1 22] axis { p: Ints(&[1, 2]) };
    "LpPool" [2 11 18 22] auto_pad ceil_mode dilations kernel_shape p pads strides;
    "MatMul" [1 9 13];
    "MatMulInteger" [10];
    "Max" [6 8 12 13];
    "MaxPool" [1 8 10 11 12 22] auto_pad ceil_mode dilations kernel_shape pads storage_order strides;
    "MaxUnpool" [9 11 22] kernel_shape pads strides;
    "Mean" [6 8 13];
    "MeanVarianceNormalization" [9 13] axes;
    "Min" [6 8 12 13];
    "Mish" [18 22];
    "Mod" [10 13 28] fmod;
    "Mul" [7 13 14];
    "Neg" [6 13];
    "PRelu" [7 9 16];
    "Pad" [2 11 13 18 19 21 23 24 25] pads value { mode: Texts(&["constant", "edge", "reflect", "wrap"]) };
    "Pow" [7 12 13 15];
    "QLinearConv" [10] auto_pad dilations group kernel_shape pads strides;
    "QLinearMatMul" [10 21];
    "QuantizeLinear" [10 13 19 21 23 24 25 28] axis block_size output_dtype saturate { precision: Ints(&[0, 1]) };
    "RMSNormalization" [23] axis epsilon { stash_type: Ints(&[1]) };
    "RNN" [7 14 22] activation_alpha activation_beta activations direction hidden_size layout;
    "Reciprocal" [6 13];
    "ReduceL1" [1 11 13 18] axes keepdims noop_with_empty_axes;
    "ReduceL2" [1 11 13 18] axes keepdims noop_with_empty_axes;
    "ReduceLogSum" [1 11 13 18 28] axes keepdims noop_with_empty_axes;
    "ReduceLogSumExp" [1 11 13 18 28] axes keepdims noop_with_empty_axes;
    "ReduceMax" [1 11 12 13 18 20] axes keepdims noop_with_empty_axes;
    "ReduceMean" [1 11 13 18] axes keepdims noop_with_empty_axes;
    "ReduceMin" [1 11 12 13 18 20] axes keepdims noop_with_empty_axes;
    "ReduceProd" [1 11 13 18] axes keepdims noop_with_empty_axes;
    "ReduceSum" [1 11 13] axes keepdims noop_with_empty_axes;
    "ReduceSumSquare" [1 11 13 18] axes keepdims noop_with_empty_axes;
    "Relu" [6 13 14];
    "Reshape" [5 13 14 19 21 23 24 25] allowzero;
    "Resize" [10 11 13 18 19] antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside
        extrapolation_value keep_aspect_ratio_policy mode nearest_mode;
    "ReverseSequence" [10 28] batch_axis time_axis;
    "RotaryEmbedding" [23] interleaved num_heads rotary_embedding_dim;
    "Round" [11 22];
    "Scan" [9 11 16 19 21 23 24 25] ![8] body num_scan_inputs scan_input_axes scan_input_directions scan_output_axes
        scan_output_directions;
    "ScatterElements" [11 13 16 18] axis { reduction: REDUCTIONS };
    "ScatterND" [11 13 16 18] { reduction: REDUCTIONS };
    "Selu" [6 22] alpha gamma;
    "Shrink" [9] bias lambd;
    "Sigmoid" [6 13];
    "Sign" [9 13];
    "SimplifiedLayerNormalization" [1] axis epsilon { stash_type: Ints(&[1]) };
    "Sin" [7 22];
    "Sinh" [9 22];
    "Slice" [1 10 11 13] axes ends starts;
    "Softmax" [1 11 13] axis;
    "Softplus" [1 22];
    "Softsign" [1 22];
    "SpaceToDepth" [1 13 28] blocksize { mode: Texts(&["DCR"]) };
    "Split" [2 11 13 18] axis num_outputs split;
    "Sqrt" [6 13];
    "Squeeze" [1 11 13 21 23 24 25] axes;
    "Sub" [7 13 14];
    "Sum" [6 8 13];
    "Swish" [24] alpha;
    "Tan" [7 22];
    "Tanh" [6 13];
    "ThresholdedRelu" [10 22] alpha;
    "Tile" [6 13];
    "TopK" [1 10 11 24] axis k largest sorted;
    "Transpose" [1 13 21 23 24 25] perm;
    "Trilu" [14] upper;
    "Unsqueeze" [1 11 13 21 23 24 25] axes;
    "Where" [9 16];
    "com.microsoft.Attention" [1] mask_filter_value num_heads qkv_hidden_sizes rotary_embedding_dim scale
        unidirectional { do_rotary: Ints(&[0]), past_present_share_buffer: Ints(&[0]) };
    "com.microsoft.BiasGelu" [1];
    "com.microsoft.CDist" [1] { metric: Texts(&["sqeuclidean", "euclidean"]) };
    "com.microsoft.DequantizeLinear" [1] axis;
    "com.microsoft.DynamicQuantizeLSTM" [1] activation_alpha activation_beta activations direction hidden_size
        { input_forget: Ints(&[0]) };
    "com.microsoft.DynamicQuantizeMatMul" [1];
    "com.microsoft.EmbedLayerNormalization" [1] epsilon mask_index_type;
    "com.microsoft.FastGelu" [1];
    "com.microsoft.FusedConv" [1] activation_params auto_pad dilations group kernel_shape pads strides
        { activation: ACTIVATIONS };
    "com.microsoft.FusedGemm" [1] activation_alpha activation_beta alpha beta transA transB
        { activation: ACTIVATIONS };
    "com.microsoft.FusedMatMul" [1] alpha transA transB transBatchA transBatchB;
    "com.microsoft.Gelu" [1];
    "com.microsoft.MatMulIntegerToFloat" [1];
    "com.microsoft.MatMulNBits" [1] K N accuracy_level block_size
        { bits: Ints(&[2, 4, 8]), weight_prepacked: Ints(&[0]) };
    "com.microsoft.MultiHeadAttention" [1] mask_filter_value num_heads scale unidirectional;
    "com.microsoft.QAttention" [1] mask_filter_value num_heads scale unidirectional
        { do_rotary: Ints(&[0]), past_present_share_buffer: Ints(&[0]) };
    "com.microsoft.QGemm" [1] alpha transA transB;
    "com.microsoft.QLinearAdd" [1];
    "com.microsoft.QLinearAveragePool" [1] auto_pad ceil_mode count_include_pad kernel_shape pads strides
        { channels_last: Ints(&[0]) };
    "com.microsoft.QLinearConcat" [1] axis;
    "com.microsoft.QLinearGlobalAveragePool" [1] { channels_last: Ints(&[0]) };
    "com.microsoft.QLinearLeakyRelu" [1] alpha;
    "com.microsoft.QLinearMul" [1];
    "com.microsoft.QLinearSigmoid" [1];
    "com.microsoft.QLinearSoftmax" [1] axis opset;
    "com.microsoft.QLinearWhere" [1];
    "com.microsoft.QuantizeLinear" [1] axis;
    "com.microsoft.QuickGelu" [1] alpha;
    "com.microsoft.RotaryEmbedding" [1] interleaved num_heads rotary_embedding_dim
        { is_packed_batching: Ints(&[0]), scale: Float(1.0) };
    "com.microsoft.SkipLayerNormalization" [1] epsilon;
    "com.microsoft.SkipSimplifiedLayerNormalization" [1] epsilon;
    "com.microsoft.TransposeMatMul" [1] alpha transA transB;
};

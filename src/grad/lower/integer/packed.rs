//! Weights of a few bits each, several to a byte.

use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Elem, Node, Tensor, Value, wrong};

/// `MatMulNBits`: A times the transpose of a constant matrix of `N` rows, each in blocks along `K` that have a scale
/// and a zero point. The matrix is unpacked here, once.
pub(super) fn matmul(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let size = |name: &str| usize::try_from(n.int_or(name, 0)).unwrap_or(0);
    let packing = Packing {
        bits: usize::try_from(n.int_or("bits", 4)).unwrap_or(0),
        rows: size("N"),
        columns: size("K"),
        block: size("block_size"),
    };
    if n.maybe(4).is_some() {
        return Err(wrong("its columns are in another order".into()));
    }
    let constant = |b: &Builder, i: usize| -> Result<Option<Tensor>> {
        let Some(value) = n.maybe(i) else {
            return Ok(None);
        };
        let found = b.constant(value).cloned();
        found
            .map(Some)
            .ok_or_else(|| wrong("its weights depend on the input".into()))
    };
    let packed = constant(b, 1)?;
    let scales = constant(b, 2)?;
    let zeros = constant(b, 3)?;
    let (Some(packed), Some(scales)) = (packed, scales.and_then(|s| s.to_floats())) else {
        return Err(wrong("its weights are missing".into()));
    };
    let weights = packing.unpack(packed.bytes(), &scales, zeros.as_ref());
    let weights =
        weights.ok_or_else(|| wrong("its weights do not have the size that it states".into()))?;
    let weights = b.tensor(Tensor::floats(&[packing.columns, packing.rows], &weights));
    let product = b.matmul(n.input(0)?, &weights)?;
    Ok(vec![match n.maybe(5) {
        Some(bias) => b.add(&product, bias)?,
        None => product,
    }])
}

struct Packing {
    bits: usize,
    rows: usize,
    columns: usize,
    block: usize,
}

impl Packing {
    /// The matrix transposed, `[columns, rows]`, as floats; `None` where the parts do not fit.
    fn unpack(&self, packed: &[u8], scales: &[f32], zeros: Option<&Tensor>) -> Option<Vec<f32>> {
        let &Self {
            bits,
            rows,
            columns,
            block,
        } = self;
        if !matches!(bits, 2 | 4 | 8) || rows == 0 || columns == 0 || block == 0 {
            return None;
        }
        let blocks = columns.div_ceil(block);
        let per_block = block.checked_mul(bits)?.div_ceil(8);
        let per_row = blocks.checked_mul(per_block)?;
        let fits = packed.len() == rows.checked_mul(per_row)?
            && scales.len() == rows.checked_mul(blocks)?;
        if !fits {
            return None;
        }
        // Element i of a run of bytes, lowest bits first.
        let element = |bytes: &[u8], i: usize| -> Option<u8> {
            let byte = bytes.get(i * bits / 8)?;
            Some((byte >> (i * bits % 8)) & (0xff >> (8 - bits)))
        };
        let middle = f32::from(1_u8 << (bits - 1));
        let zeros_per_row = (blocks * bits).div_ceil(8);
        let float_zeros = zeros
            .filter(|z| z.elem() == Elem::F32)
            .and_then(Tensor::to_floats);
        let zero = |row: usize, at: usize| -> Option<f32> {
            match (zeros, &float_zeros) {
                (None, _) => Some(middle),
                (_, Some(list)) => list.get(row * blocks + at).copied(),
                (Some(z), None) => {
                    let bytes = z
                        .bytes()
                        .get(row * zeros_per_row..(row + 1) * zeros_per_row)?;
                    element(bytes, at).map(f32::from)
                }
            }
        };
        let mut weights = vec![0.0; rows.checked_mul(columns)?];
        for row in 0..rows {
            for at in 0..blocks {
                let (scale, zero) = (scales[row * blocks + at], zero(row, at)?);
                let start = row * per_row + at * per_block;
                let bytes = &packed[start..start + per_block];
                for i in 0..block.min(columns - at * block) {
                    let value = f32::from(element(bytes, i)?) - zero;
                    weights[(at * block + i) * rows + row] = value * scale;
                }
            }
        }
        Some(weights)
    }
}

//! Matrix products with weights of a few bits, unpacked to float32.

use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Elem, Node, Tensor, Value, wrong};

/// `MatMulNBits`: column n of the weights is row n of the second input, in blocks that share a scale and a zero.
pub(super) fn matmul(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let size = |name: &str| usize::try_from(n.int_or(name, 0)).ok().filter(|&s| s > 0);
    let (Some(columns), Some(rows), Some(block)) = (size("N"), size("K"), size("block_size"))
    else {
        return Err(wrong("its sizes are missing".into()));
    };
    let bits = n.int_or("bits", 4);
    if !matches!(bits, 2 | 4 | 8) || n.int_or("weight_prepacked", 0) != 0 || n.maybe(4).is_some() {
        return Err(wrong(
            "its weights are packed in a way that is not known".into(),
        ));
    }
    let layout = Layout {
        rows,
        columns,
        block,
        bits: bits as usize,
    };
    let known = |i: usize| {
        b.constant(n.input(i)?)
            .ok_or_else(|| wrong("its weights are not constant".into()))
    };
    let zeros = match n.maybe(3) {
        Some(_) => Some(known(3)?),
        None => None,
    };
    let weights = layout.unpack(known(1)?, known(2)?, zeros)?;
    let weights = b.tensor(weights);
    let mut y = b.matmul(n.input(0)?, &weights)?;
    if let Some(bias) = n.maybe(5) {
        y = b.add(&y, bias)?;
    }
    Ok(vec![y])
}

struct Layout {
    rows: usize,
    columns: usize,
    block: usize,
    bits: usize,
}

impl Layout {
    /// Entry `i` of packed integers, the first in the lowest bits.
    fn entry(&self, bytes: &[u8], i: usize) -> Option<u8> {
        let per_byte = 8 / self.bits;
        let mask = u8::MAX >> (8 - self.bits);
        Some(bytes.get(i / per_byte)? >> (i % per_byte * self.bits) & mask)
    }

    /// The weights, `[rows, columns]`.
    fn unpack(&self, packed: &Tensor, scales: &Tensor, zeros: Option<&Tensor>) -> Result<Tensor> {
        let misfit = || wrong("its weights are not as large as it says".into());
        let blocks = self.rows.div_ceil(self.block);
        let per_byte = 8 / self.bits;
        let per_block = self.block.div_ceil(per_byte);
        let total = self.rows.checked_mul(self.columns).ok_or_else(misfit)?;
        let stored = self
            .columns
            .checked_mul(blocks)
            .and_then(|n| n.checked_mul(per_block));
        let scale = scales.to_floats().unwrap_or_default();
        if stored != Some(packed.bytes().len()) || scale.len() != self.columns * blocks {
            return Err(misfit());
        }
        let float_zeros = zeros
            .filter(|z| z.elem().is_float())
            .and_then(Tensor::to_floats);
        let packed_zeros = zeros.filter(|z| z.elem() == Elem::U8).map(Tensor::bytes);
        if zeros.is_some() && float_zeros.is_none() && packed_zeros.is_none() {
            return Err(misfit());
        }
        let middle = f32::from(1_u8 << (self.bits - 1));
        let zeros_per_column = blocks.div_ceil(per_byte);
        let mut values = vec![0.0_f32; total];
        for column in 0..self.columns {
            for at in 0..blocks {
                let i = column * blocks + at;
                let zero = match (&float_zeros, packed_zeros) {
                    (Some(zeros), _) => *zeros.get(i).ok_or_else(misfit)?,
                    (None, Some(bytes)) => {
                        let own = bytes.get(column * zeros_per_column..).ok_or_else(misfit)?;
                        f32::from(self.entry(own, at).ok_or_else(misfit)?)
                    }
                    (None, None) => middle,
                };
                let bytes = packed
                    .bytes()
                    .get(i * per_block..(i + 1) * per_block)
                    .ok_or_else(misfit)?;
                let first = at * self.block;
                for row in first..(first + self.block).min(self.rows) {
                    let entry = self.entry(bytes, row - first).ok_or_else(misfit)?;
                    values[row * self.columns + column] = (f32::from(entry) - zero) * scale[i];
                }
            }
        }
        Ok(Tensor::floats(&[self.rows, self.columns], &values))
    }
}

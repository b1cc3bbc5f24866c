//! `DeformConv`: the image sampled where the offsets say, and a product with the weights.

use super::Lowering;
use crate::error::Result;
use crate::onnx::node::{Attributes, int, text};
use crate::onnx::{Builder, Node, Tensor, Value, wrong};

pub(super) const LOWERINGS: &[(&str, Lowering)] = &[("DeformConv", deform)];

/// Points are sampled at most, for each group of offsets.
const MOST: usize = 1 << 26;

/// The sizes of one use, each along both axes of the image.
struct Window {
    image: [usize; 2],
    out: [usize; 2],
    kernel: [usize; 2],
    strides: [i64; 2],
    dilations: [i64; 2],
    before: [i64; 2],
}

fn deform(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let (x, w, offset) = (
        n.input(0)?.clone(),
        n.input(1)?.clone(),
        n.input(2)?.clone(),
    );
    let y = n.output(0)?.clone();
    let (&[batch, channels, height, width], &[outs, ins, rows, columns], &[_, _, high, wide]) =
        (&x.shape[..], &w.shape[..], &y.shape[..])
    else {
        return Err(wrong("its image has not two dimensions".into()));
    };
    let pair = |name: &str, default: i64, count: usize| -> Result<Vec<i64>> {
        match n.ints(name) {
            None | Some([]) => Ok(vec![default; count]),
            Some(values) if values.len() == count => Ok(values.to_vec()),
            Some(_) => Err(wrong(format!("{name} has another length than {count}"))),
        }
    };
    let pads = pair("pads", 0, 4)?;
    let (strides, dilations) = (pair("strides", 1, 2)?, pair("dilations", 1, 2)?);
    let window = Window {
        image: [height, width],
        out: [high, wide],
        kernel: [rows, columns],
        strides: [strides[0], strides[1]],
        dilations: [dilations[0], dilations[1]],
        before: [pads[0], pads[1]],
    };
    let number = |name: &str| usize::try_from(n.int_or(name, 1)).unwrap_or(0);
    let (group, sets) = (number("group"), number("offset_group"));
    let (taps, points) = (rows * columns, high * wide);
    let fits = group > 0
        && sets > 0
        && channels == ins * group
        && outs.is_multiple_of(group)
        && channels.is_multiple_of(sets)
        && offset.shape == [batch, sets * taps * 2, high, wide]
        && y.shape[..2] == [batch, outs];
    if !fits {
        return Err(wrong("its weights or offsets do not fit its image".into()));
    }
    if taps.saturating_mul(points) > MOST {
        return Err(wrong("it samples too many points".into()));
    }
    let grid = grid(b, &window, &offset, sets)?;
    let planes = b.reshape(&x, &[batch * sets, channels / sets, height, width])?;
    // The mode was renamed.
    let linear = if b.graph().opset < 20 {
        "bilinear"
    } else {
        "linear"
    };
    let attributes = vec![
        text("mode", linear),
        text("padding_mode", "zeros"),
        int("align_corners", 0),
    ];
    let made = [batch * sets, channels / sets, taps * high, wide];
    let sampled = b.node("GridSample", &[&planes, &grid], attributes, x.elem, &made);
    let mut sampled = b.reshape(&sampled, &[batch, sets, channels / sets, taps * points])?;
    if let Some(mask) = n.maybe(4) {
        let mask = b.reshape(mask, &[batch, sets, 1, taps * points])?;
        sampled = b.mul(&sampled, &mask)?;
    }
    let sampled = b.reshape(&sampled, &[batch, group, ins * taps, points])?;
    let weights = b.reshape(&w, &[group, outs / group, ins * taps])?;
    let product = b.matmul(&weights, &sampled)?;
    let mut made = b.reshape(&product, &y.shape)?;
    if let Some(bias) = n.maybe(3) {
        let bias = b.reshape(bias, &[1, outs, 1, 1])?;
        made = b.add(&made, &bias)?;
    }
    Ok(vec![made])
}

/// Where each tap of each window lies, as `GridSample` counts: `[batch * sets, taps * high, wide, 2]`, x first, from -1
/// to 1 over the outer edges of the image.
fn grid(b: &mut Builder, window: &Window, offset: &Value, sets: usize) -> Result<Value> {
    let ([high, wide], [rows, columns]) = (window.out, window.kernel);
    let (taps, points) = (rows * columns, high * wide);
    let batch = offset.shape[0];
    let apart = b.reshape(offset, &[batch * sets, taps, 2, points])?;
    let mut both = Vec::with_capacity(2);
    for axis in [1, 0] {
        let at = |tap: usize, point: usize| -> i64 {
            let (tap, point) = match axis {
                0 => (tap / columns, point / wide),
                _ => (tap % columns, point % wide),
            };
            point as i64 * window.strides[axis] - window.before[axis]
                + tap as i64 * window.dilations[axis]
        };
        let scale = 2.0 / window.image[axis] as f32;
        // Element i lies at (2 i + 1) / size - 1.
        let base: Vec<f32> = (0..taps)
            .flat_map(|tap| (0..points).map(move |point| (tap, point)))
            .map(|(tap, point)| (at(tap, point) as f32 + 0.5) * scale - 1.0)
            .collect();
        let base = b.tensor(Tensor::floats(&[taps, 1, points], &base));
        let moved = b.slice(&apart, &[2], &[axis], &[axis + 1], &[1]);
        let moved = b.scale(&moved, scale);
        let place = b.add(&moved, &base)?;
        both.push(b.reshape(&place, &[batch * sets, taps * high, wide, 1])?);
    }
    b.concat(&both, 3)
}

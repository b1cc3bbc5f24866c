//! Convolutions and their transposes.

mod window;

pub(super) use window::{Axis, pooling};

use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, int, ints};
use crate::onnx::proto::AttributeProto;
use crate::onnx::{Builder, Node, Tensor, Value, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("Col2Im", col2im),
    ("Conv", conv),
    ("ConvTranspose", conv_transpose),
];

/// Y = X * W: the cotangent of X is dY spread back by the windows; that of W correlates X with dY.
fn conv(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let g = first(g)?;
    let (x, w) = (n.input(0)?.clone(), n.input(1)?.clone());
    let axes = window::convolution(n, &x, n.output(0)?, &w)?;
    let group = groups(n, &x, g, &w)?;
    Ok(vec![
        if n.wants(0) {
            Some(spread(b, g, &w, &axes, group)?)
        } else {
            None
        },
        if n.wants(1) {
            Some(weights(b, &x, g, &axes, group)?)
        } else {
            None
        },
        n.wants(2).then(|| bias(b, g)),
    ])
}

/// The transpose of a convolution, so the cotangent of X is that convolution of dY; in that of W the two exchange
/// their parts.
fn conv_transpose(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let g = first(g)?;
    let (x, w) = (n.input(0)?.clone(), n.input(1)?.clone());
    let axes = window::transposed(n, &x, n.output(0)?, &w)?;
    let group = groups(n, g, &x, &w)?;
    let mut parts = vec![None, None, n.wants(2).then(|| bias(b, g))];
    if n.wants(0) {
        let part = gather(b, g, &w, &axes, group);
        parts[0] = Some(crop(b, &part, &x.shape));
    }
    if n.wants(1) {
        parts[1] = Some(weights(b, g, &x, &axes, group)?);
    }
    Ok(parts)
}

/// The number of groups of a convolution from `x` to `y`, once the channels are found to fit.
fn groups(n: &Node, x: &Value, y: &Value, w: &Value) -> Result<usize> {
    let group = usize::try_from(n.int_or("group", 1)).unwrap_or(0);
    let fits = group > 0
        && w.shape[0] == y.shape[1]
        && w.shape[0].is_multiple_of(group)
        && Some(x.shape[1]) == w.shape[1].checked_mul(group)
        && x.shape[0] == y.shape[0];
    fits.then_some(group)
        .ok_or_else(|| wrong("its channels do not fit its weights".into()))
}

fn bias(b: &mut Builder, g: &Value) -> Value {
    let all: Vec<usize> = (0..g.rank()).filter(|&i| i != 1).collect();
    b.sum(g, &all, false)
}

/// The transpose of the convolution with `w`, applied to `g`: from its output to its input.
pub(super) fn spread(
    b: &mut Builder,
    g: &Value,
    w: &Value,
    axes: &[Axis],
    group: usize,
) -> Result<Value> {
    let count = |of: fn(&Axis) -> usize| axes.iter().map(|a| of(a) as f64).product::<f64>();
    // As a convolution it is up to three times as fast, unless most of what that sees is padding.
    if axes.iter().all(|a| a.stride == 1) && count(|a| a.size) <= 3.0 * count(|a| a.out) {
        return spread_by_conv(b, g, w, axes, group);
    }
    let mut shape = vec![g.shape[0], w.shape[1] * group];
    let mut after = Vec::with_capacity(axes.len());
    let mut more = Vec::with_capacity(axes.len());
    for axis in axes {
        let tail = axis.tail();
        let short = usize::try_from(-tail).unwrap_or(0);
        if short >= axis.stride {
            return Err(wrong(
                "its output is smaller than its window and strides make it".into(),
            ));
        }
        after.push(usize::try_from(tail).unwrap_or(0));
        more.push(short);
        shape.push(axis.size);
    }
    let before: Vec<usize> = axes.iter().map(|a| a.before).collect();
    let mut attributes = attributes(axes, |a| (a.stride, a.dilation), &before, &after, group);
    if more.iter().any(|&m| m > 0) {
        attributes.push(ints("output_padding", &signed(&more)));
    }
    Ok(b.node("ConvTranspose", &[g, w], attributes, g.elem, &shape))
}

/// At stride 1 the transpose is a convolution with the weights mirrored, and their inputs and outputs exchanged.
fn spread_by_conv(
    b: &mut Builder,
    g: &Value,
    w: &Value,
    axes: &[Axis],
    group: usize,
) -> Result<Value> {
    let pads = |a: &Axis| {
        let before = a.extent() as i64 - 1 - a.before as i64;
        (before, a.size as i64 - a.out as i64 + a.before as i64)
    };
    // A negative padding: no window reaches an element from there.
    let cut = |pad: i64| usize::try_from(-pad).unwrap_or(0);
    let spatial: Vec<usize> = (2..g.rank()).collect();
    let starts: Vec<usize> = axes.iter().map(|a| cut(pads(a).0)).collect();
    let ends: Vec<usize> = axes
        .iter()
        .map(|a| a.out.saturating_sub(cut(pads(a).1)))
        .collect();
    let g = b.slice(g, &spatial, &starts, &ends, &vec![1; spatial.len()]);
    let (outs, ins) = (w.shape[0] / group, w.shape[1]);
    let mut split = vec![group, outs, ins];
    split.extend(&w.shape[2..]);
    let mut order: Vec<usize> = (0..split.len()).collect();
    order.swap(1, 2);
    let mut shape = vec![group * ins, outs];
    shape.extend(&w.shape[2..]);
    let parts = b.reshape(w, &split)?;
    let parts = b.transpose(&parts, &order);
    let turned = b.reshape(&parts, &shape)?;
    let turned = b.reverse(&turned, &spatial);
    let before: Vec<usize> = axes
        .iter()
        .map(|a| usize::try_from(pads(a).0).unwrap_or(0))
        .collect();
    let after: Vec<usize> = axes
        .iter()
        .map(|a| usize::try_from(pads(a).1).unwrap_or(0))
        .collect();
    let attributes = attributes(axes, |a| (1, a.dilation), &before, &after, group);
    let mut made = vec![g.shape[0], group * ins];
    made.extend(axes.iter().map(|a| a.size));
    Ok(b.node("Conv", &[&g, &turned], attributes, g.elem, &made))
}

/// The convolution of `x` with `w`; where windows end before the last element, there may be one too many.
fn gather(b: &mut Builder, x: &Value, w: &Value, axes: &[Axis], group: usize) -> Value {
    correlate(b, x, w, axes, |a| (a.stride, a.dilation), group)
}

/// The cotangent of the weights: a convolution over the batch in which the taps of the windows are what is moved, and
/// the windows what is dilated.
fn weights(b: &mut Builder, x: &Value, g: &Value, axes: &[Axis], group: usize) -> Result<Value> {
    let (batch, ins, outs) = (x.shape[0], x.shape[1] / group, g.shape[1]);
    let mut split = vec![batch, group, ins];
    split.extend(&x.shape[2..]);
    let mut order: Vec<usize> = (0..split.len()).collect();
    order[..3].copy_from_slice(&[2, 1, 0]);
    let mut shape = vec![ins, group * batch];
    shape.extend(&x.shape[2..]);
    let x = b.reshape(x, &split)?;
    let x = b.transpose(&x, &order);
    let x = b.reshape(&x, &shape)?;
    let mut order: Vec<usize> = (0..g.rank()).collect();
    order.swap(0, 1);
    let g = b.transpose(g, &order);
    let taps: Vec<Axis> = axes
        .iter()
        .map(|a| Axis {
            kernel: a.out,
            out: a.kernel,
            ..*a
        })
        .collect();
    let part = correlate(b, &x, &g, &taps, |a| (a.dilation, a.stride), group);
    let mut wanted = vec![ins, outs];
    wanted.extend(axes.iter().map(|a| a.kernel));
    let part = crop(b, &part, &wanted);
    Ok(b.transpose(&part, &order))
}

/// A convolution of `x` with `w` over `axes`, whose strides and dilations `steps` says.
fn correlate(
    b: &mut Builder,
    x: &Value,
    w: &Value,
    axes: &[Axis],
    steps: fn(&Axis) -> (usize, usize),
    group: usize,
) -> Value {
    let mut shape = vec![x.shape[0], w.shape[0]];
    let mut after = Vec::with_capacity(axes.len());
    for axis in axes {
        let (stride, dilation) = steps(axis);
        let turned = Axis {
            stride,
            dilation,
            ..*axis
        };
        let tail = turned.tail();
        after.push(usize::try_from(tail).unwrap_or(0));
        shape.push(axis.out + usize::try_from(-tail).unwrap_or(0) / stride);
    }
    let before: Vec<usize> = axes.iter().map(|a| a.before).collect();
    let attributes = attributes(axes, steps, &before, &after, group);
    b.node("Conv", &[x, w], attributes, x.elem, &shape)
}

fn attributes(
    axes: &[Axis],
    steps: fn(&Axis) -> (usize, usize),
    before: &[usize],
    after: &[usize],
    group: usize,
) -> Vec<AttributeProto> {
    let (strides, dilations): (Vec<usize>, Vec<usize>) = axes.iter().map(steps).unzip();
    let kernel: Vec<usize> = axes.iter().map(|a| a.kernel).collect();
    vec![
        ints("kernel_shape", &signed(&kernel)),
        ints("strides", &signed(&strides)),
        ints("dilations", &signed(&dilations)),
        ints("pads", &signed(&[before, after].concat())),
        int("group", group as i64),
    ]
}

fn signed(sizes: &[usize]) -> Vec<i64> {
    sizes.iter().map(|&v| v as i64).collect()
}

/// The first elements of `x` along its spatial axes, as many as in `shape`.
fn crop(b: &mut Builder, x: &Value, shape: &[usize]) -> Value {
    let spatial: Vec<usize> = (2..x.rank()).collect();
    let ones = vec![1; spatial.len()];
    b.slice(x, &spatial, &vec![0; spatial.len()], &shape[2..], &ones)
}

/// Blocks are laid over an image and added up; the cotangent of each is what it lies on, read by a convolution whose
/// weights are the unit vectors.
fn col2im(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let g = first(g)?;
    let x = n.input(0)?.clone();
    let kernel = b.integers(n.input(2)?)?;
    let taps = kernel
        .iter()
        .try_fold(1_i64, |n, &k| n.checked_mul(k))
        .and_then(|n| usize::try_from(n).ok());
    let taps = taps
        .filter(|&t| (1..=4096).contains(&t))
        .ok_or_else(|| wrong("its blocks are too large".into()))?;
    let axes = window::blocks(n, g, &kernel)?;
    let planes = g.shape[0] * g.shape[1];
    let mut shape = vec![planes, 1];
    shape.extend(&g.shape[2..]);
    let flat = b.reshape(g, &shape)?;
    let mut unit = vec![0.0; taps * taps];
    unit.iter_mut().step_by(taps + 1).for_each(|v| *v = 1.0);
    let mut shape = vec![taps, 1];
    shape.extend(axes.iter().map(|a| a.kernel));
    let unit = b.tensor(Tensor::floats(&shape, &unit));
    let blocks = gather(b, &flat, &unit, &axes, 1);
    Ok(vec![Some(b.reshape(&blocks, &x.shape)?)])
}

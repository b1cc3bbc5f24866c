//! Normalisations: each subtracts a mean or divides by a deviation over some dimensions.

use super::reduce::dimension;
use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Elem, Node, Tensor, Value, elements, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("BatchNormalization", batch),
    ("GroupNormalization", group),
    ("InstanceNormalization", instance),
    ("LRN", local_response),
    ("LayerNormalization", layer),
    ("LpNormalization", lp),
    ("MeanVarianceNormalization", mean_variance),
    ("RMSNormalization", root_mean_square),
];

/// A value less its mean, and one over its deviation.
struct Centred {
    x: Value,
    inverse: Value,
    axes: Vec<usize>,
}

impl Centred {
    /// Of `x` over `axes`, where the forward operator does not tell.
    fn of(b: &mut Builder, x: &Value, axes: Vec<usize>, epsilon: f32) -> Result<Self> {
        let mean = b.mean(x, &axes, true);
        let x = b.sub(x, &mean)?;
        let inverse = inverse_root(b, &x, &axes, epsilon)?;
        Ok(Self { x, inverse, axes })
    }

    /// The normalised value.
    fn normalised(&self, b: &mut Builder) -> Result<Value> {
        b.mul(&self.x, &self.inverse)
    }

    /// The cotangent of what was normalised out of that of the normalised value:
    /// `(g - mean g - x mean(g x) / s^2) / s`, where x is less its mean and s its deviation. Not computing the
    /// normalised value saves a pass over the data.
    fn through(&self, b: &mut Builder, g: &Value) -> Result<Value> {
        let mean = b.mean(g, &self.axes, true);
        let along = along(b, g, self)?;
        let drift = b.add(&along, &mean)?;
        let rest = b.sub(g, &drift)?;
        b.mul(&rest, &self.inverse)
    }

    /// The cotangent of what was normalised out of `g`, that of the mean (output 1) or of one over the deviation s (2):
    /// `g / n`, and `-g x / (n s^3)`.
    fn statistic(&self, b: &mut Builder, output: usize, g: &Value) -> Result<Value> {
        let count: usize = self.axes.iter().map(|&a| self.x.shape[a]).product();
        let share = b.scale(g, 1.0 / count.max(1) as f32);
        if output == 1 {
            return Ok(share);
        }
        let square = b.mul(&self.inverse, &self.inverse)?;
        let cube = b.mul(&square, &self.inverse)?;
        let slope = b.mul(&share, &cube)?;
        let part = b.mul(&self.x, &slope)?;
        Ok(b.unary("Neg", &part))
    }
}

/// `x mean(g x) / s^2`: the part of `g` that only changes the deviation.
fn along(b: &mut Builder, g: &Value, of: &Centred) -> Result<Value> {
    let product = b.mul(g, &of.x)?;
    let mean = b.mean(&product, &of.axes, true);
    let square = b.mul(&of.inverse, &of.inverse)?;
    let share = b.mul(&mean, &square)?;
    b.mul(&of.x, &share)
}

/// One over the root of the mean square of `x`.
fn inverse_root(b: &mut Builder, x: &Value, axes: &[usize], epsilon: f32) -> Result<Value> {
    let square = b.mul(x, x)?;
    let mean = b.mean(&square, axes, true);
    let mean = b.shift(&mean, epsilon);
    let root = b.unary("Sqrt", &mean);
    Ok(b.unary("Reciprocal", &root))
}

/// `g` times the scale, unless that is one everywhere.
fn scaled(b: &mut Builder, g: &Value, scale: &Value) -> Result<Value> {
    let ones = |t: &Tensor| t.to_floats().is_some_and(|v| v.iter().all(|&v| v == 1.0));
    if b.constant(scale).is_some_and(ones) {
        Ok(g.clone())
    } else {
        b.mul(g, scale)
    }
}

/// The cotangents of scale and bias, inputs 1 and 2, which have the shape `like` beside `g`.
fn affine(
    b: &mut Builder,
    n: &Node,
    g: &Value,
    like: &[usize],
    normalised: impl FnOnce(&mut Builder) -> Result<Value>,
) -> Result<[Option<Value>; 2]> {
    let mut parts = [None, None];
    if n.wants(1) {
        let normalised = normalised(b)?;
        let part = b.mul(g, &normalised)?;
        let part = b.sum_to(&part, like)?;
        parts[0] = Some(b.reshape(&part, &n.input(1)?.shape)?);
    }
    if n.wants(2) {
        let part = b.sum_to(g, like)?;
        parts[1] = Some(b.reshape(&part, &n.input(2)?.shape)?);
    }
    Ok(parts)
}

/// `x` has dimensions for batch and channel.
fn channels(x: &Value) -> Result<usize> {
    x.shape
        .get(1)
        .copied()
        .ok_or_else(|| wrong(format!("a value of {:?} has no channels", x.shape)))
}

/// The shape of one value per channel, as it broadcasts beside `x`.
fn per_channel(x: &Value) -> Result<Vec<usize>> {
    let mut shape = vec![1; x.rank()];
    shape[1] = channels(x)?;
    Ok(shape)
}

/// With the statistics of training: a scale and an offset per channel.
fn batch(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    if n.int_or("training_mode", 0) != 0 {
        return Err(wrong(
            "it is in training mode, where pictures of a batch depend on each other".into(),
        ));
    }
    let (g, x) = (first(g)?, n.input(0)?);
    let like = per_channel(x)?;
    let variance = b.shift(n.input(4)?, n.float_or("epsilon", 1e-5));
    let root = b.unary("Sqrt", &variance);
    let factor = b.div(n.input(1)?, &root)?;
    let wide = b.reshape(&factor, &like)?;
    let mut parts = vec![None; 5];
    if n.wants(0) || n.wants(3) {
        let part = b.mul(g, &wide)?;
        if n.wants(3) {
            let sum = b.sum_to(&part, &like)?;
            let sum = b.reshape(&sum, &n.input(3)?.shape)?;
            parts[3] = Some(b.unary("Neg", &sum));
        }
        parts[0] = Some(part);
    }
    if n.wants(1) || n.wants(4) {
        // Of the scale: sum g (x - mean) / s; of the variance that times -scale / (2 s^2).
        let mean = b.reshape(n.input(3)?, &like)?;
        let difference = b.sub(x, &mean)?;
        let product = b.mul(g, &difference)?;
        let sum = b.sum_to(&product, &like)?;
        let sum = b.reshape(&sum, &n.input(1)?.shape)?;
        let slope = b.div(&sum, &root)?;
        if n.wants(4) {
            let share = b.div(&slope, &variance)?;
            let share = b.mul(&share, n.input(1)?)?;
            parts[4] = Some(b.scale(&share, -0.5));
        }
        parts[1] = Some(slope);
    }
    if n.wants(2) {
        let sum = b.sum_to(g, &like)?;
        parts[2] = Some(b.reshape(&sum, &n.input(2)?.shape)?);
    }
    Ok(parts)
}

fn layer(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let cotangent = |i: usize| g.get(i).and_then(Option::as_ref);
    let x = n.input(0)?;
    let axis = dimension(x, n.int_or("axis", -1))?;
    // The node computes both anyway: asking for them saves a fifth of forward and gradient on ONNX Runtime.
    let mut shape = x.shape.clone();
    shape[axis..].fill(1);
    let mean = b.extra_output(n.output(0)?, 1, Elem::F32, &shape)?;
    let inverse = b.extra_output(n.output(0)?, 2, Elem::F32, &shape)?;
    let axes: Vec<usize> = (axis..x.rank()).collect();
    let centred = Centred {
        x: b.sub(x, &mean)?,
        inverse,
        axes,
    };
    let scale = n.input(1)?;
    let mut parts = vec![None; 3];
    if let Some(g) = cotangent(0) {
        let [of_scale, of_bias] = affine(b, n, g, &scale.shape, |b| centred.normalised(b))?;
        parts[1] = of_scale;
        parts[2] = of_bias;
        if n.wants(0) {
            let g = scaled(b, g, scale)?;
            parts[0] = Some(centred.through(b, &g)?);
        }
    }
    if n.wants(0) {
        for i in [1, 2] {
            let Some(g) = cotangent(i) else { continue };
            let part = centred.statistic(b, i, g)?;
            parts[0] = Some(match &parts[0] {
                Some(sum) => b.add(sum, &part)?,
                None => part,
            });
        }
    }
    Ok(parts)
}

fn instance(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?);
    let like = per_channel(x)?;
    let centred = Centred::of(b, x, (2..x.rank()).collect(), n.float_or("epsilon", 1e-5))?;
    let mut parts = vec![None];
    parts.extend(affine(b, n, g, &like, |b| centred.normalised(b))?);
    if n.wants(0) {
        let part = centred.through(b, g)?;
        let scale = b.reshape(n.input(1)?, &like)?;
        parts[0] = Some(scaled(b, &part, &scale)?);
    }
    Ok(parts)
}

/// Scale and bias are per group in operator sets before 21, else per channel.
fn group(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, scale) = (first(g)?, n.input(0)?, n.input(1)?);
    let channels = channels(x)?;
    let groups = usize::try_from(n.int_or("num_groups", 0)).unwrap_or(0);
    if groups == 0 || channels % groups != 0 || scale.count() == 0 || channels % scale.count() != 0
    {
        return Err(wrong(format!("{channels} channels in {groups} groups")));
    }
    // [batch, groups, channels of a group, positions]
    let inner = elements(&x.shape[2..]).unwrap_or(0);
    let split = [x.shape[0], groups, channels / groups, inner];
    let like = if b.graph().opset < 21 {
        [1, groups, 1, 1]
    } else {
        [1, groups, channels / groups, 1]
    };
    let g = b.reshape(g, &split)?;
    let x = b.reshape(x, &split)?;
    let centred = Centred::of(b, &x, vec![2, 3], n.float_or("epsilon", 1e-5))?;
    let mut parts = vec![None];
    parts.extend(affine(b, n, &g, &like, |b| centred.normalised(b))?);
    if n.wants(0) {
        let scale = b.reshape(scale, &like)?;
        let g = scaled(b, &g, &scale)?;
        let part = centred.through(b, &g)?;
        parts[0] = Some(b.reshape(&part, &n.input(0)?.shape)?);
    }
    Ok(parts)
}

fn root_mean_square(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, scale) = (first(g)?, n.input(0)?, n.input(1)?);
    let axis = dimension(x, n.int_or("axis", -1))?;
    let axes: Vec<usize> = (axis..x.rank()).collect();
    let inverse = inverse_root(b, x, &axes, n.float_or("epsilon", 1e-5))?;
    let whole = Centred {
        x: x.clone(),
        inverse,
        axes,
    };
    let mut parts = vec![None];
    parts.extend(affine(b, n, g, &scale.shape, |b| whole.normalised(b))?);
    if n.wants(0) {
        let g = scaled(b, g, scale)?;
        let along = along(b, &g, &whole)?;
        let rest = b.sub(&g, &along)?;
        parts[0] = Some(b.mul(&rest, &whole.inverse)?);
    }
    Ok(parts)
}

/// y = x / |x|: `(g - x/|x| sum(g y)) / |x|`, where the first quotient is the sign for p = 1. No slope at zero.
fn lp(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, y) = (first(g)?, n.input(0)?, n.output(0)?);
    let axis = dimension(x, n.int_or("axis", -1))?;
    let (op, direction) = match n.int_or("p", 2) {
        1 => ("ReduceL1", b.unary("Sign", x)),
        2 => ("ReduceL2", y.clone()),
        p => return Err(wrong(format!("its norm is of order {p}"))),
    };
    let norm = b.reduce(op, x, &[axis], true);
    let zero = b.scalar(0.0);
    let there = b.compare("Greater", &norm, &zero)?;
    let there = b.cast(&there, x.elem);
    let one = b.scalar(1.0);
    let gone = b.sub(&one, &there)?;
    let safe = b.add(&norm, &gone)?;
    let inverse = b.div(&there, &safe)?;
    let product = b.mul(g, y)?;
    let sum = b.sum(&product, &[axis], true);
    let part = b.mul(&direction, &sum)?;
    let rest = b.sub(g, &part)?;
    Ok(vec![Some(b.mul(&rest, &inverse)?)])
}

/// As the operator's definition: the deviation is at least 1e-9.
fn mean_variance(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x) = (first(g)?, n.input(0)?);
    let mut axes = Vec::new();
    for &axis in n.ints("axes").unwrap_or(&[0, 2, 3]) {
        axes.push(dimension(x, axis)?);
    }
    let mean = b.mean(x, &axes, true);
    let difference = b.sub(x, &mean)?;
    let square = b.mul(&difference, &difference)?;
    let variance = b.mean(&square, &axes, true);
    let root = b.unary("Sqrt", &variance);
    let root = b.shift(&root, 1e-9);
    let inverse = b.unary("Reciprocal", &root);
    let centred = Centred {
        x: difference,
        inverse,
        axes,
    };
    Ok(vec![Some(centred.through(b, g)?)])
}

/// y = x s^-beta with s = bias + alpha/size times the sum of squares over neighbouring channels:
/// `g s^-beta - 2 alpha beta/size x W'(g y / s)`, where W sums over neighbours (a banded matrix).
fn local_response(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, y) = (first(g)?, n.input(0)?, n.output(0)?);
    let channels = channels(x)?;
    let size = n.int_or("size", 1).max(1) as usize;
    let (alpha, beta) = (n.float_or("alpha", 1e-4), n.float_or("beta", 0.75));
    let share = alpha / size as f32;
    let (before, after) = ((size - 1) / 2, size / 2);
    let mut band = vec![0.0; b.room(channels.checked_mul(channels))?];
    for c in 0..channels {
        for k in c.saturating_sub(before)..(c + after + 1).min(channels) {
            band[c * channels + k] = 1.0;
        }
    }
    let window = b.tensor(Tensor::floats(&[channels, channels], &band));
    let flat = [x.shape[0], channels, elements(&x.shape[2..]).unwrap_or(0)];
    let wide = b.reshape(x, &flat)?;
    let square = b.mul(&wide, &wide)?;
    let sum = b.matmul(&window, &square)?;
    let sum = b.scale(&sum, share);
    let s = b.shift(&sum, n.float_or("bias", 1.0));
    let g = b.reshape(g, &flat)?;
    let y = b.reshape(y, &flat)?;
    let exponent = b.scalar(-beta);
    let power = b.binary("Pow", &s, &exponent)?;
    let own = b.mul(&g, &power)?;
    let ratio = b.div(&y, &s)?;
    let weighted = b.mul(&g, &ratio)?;
    let back = b.flip_last(&window);
    let spread = b.matmul(&back, &weighted)?;
    let spread = b.mul(&spread, &wide)?;
    let spread = b.scale(&spread, 2.0 * share * beta);
    let part = b.sub(&own, &spread)?;
    Ok(vec![Some(b.reshape(&part, &x.shape)?)])
}

//! Pooling.

use super::convolve::{self, Axis, pooling};
use super::resample::contract;
use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, int, ints, text};
use crate::onnx::{Builder, Elem, Node, Tensor, Value, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("AveragePool", average),
    ("GlobalAveragePool", |b, n, g| {
        let shape = &n.input(0)?.shape;
        let count = shape.iter().skip(2).product::<usize>().max(1);
        let part = b.scale(first(g)?, 1.0 / count as f32);
        Ok(vec![Some(part)])
    }),
    ("GlobalLpPool", |b, n, g| {
        let (x, power) = (n.input(0)?.clone(), power(n)?);
        let inner = inner_of_norm(b, first(g)?, n.output(0)?, power)?;
        let slope = slope_of_power(b, &x, power)?;
        Ok(vec![Some(b.mul(&slope, &inner)?)])
    }),
    ("GlobalMaxPool", global_max),
    ("LpPool", |b, n, g| {
        let (x, power) = (n.input(0)?.clone(), power(n)?);
        let axes = pooling(b, n)?;
        let inner = inner_of_norm(b, first(g)?, n.output(0)?, power)?;
        let ones: Vec<Vec<f32>> = axes.iter().map(|a| vec![1.0; a.out]).collect();
        let inner = spread(b, &inner, &axes, &ones)?;
        let slope = slope_of_power(b, &x, power)?;
        Ok(vec![Some(b.mul(&slope, &inner)?)])
    }),
    ("MaxPool", max),
    ("MaxUnpool", |b, n, g| {
        let g = first(g)?;
        let flat = b.reshape(g, &[g.count()])?;
        Ok(vec![Some(b.gather(&flat, n.input(1)?, 0))])
    }),
];

/// A matrix of windows has at most this many elements.
const LARGEST: usize = 1 << 20;

/// Each cotangent goes to where the maximum came from, which the operator says in its second output: the first in
/// the window where several tie.
fn max(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let g = first(g)?;
    let (x, y) = (n.input(0)?.clone(), n.output(0)?.clone());
    let axes = pooling(b, n)?;
    let indices = if n.int_or("storage_order", 0) == 0 {
        b.extra_output(&y, 1, Elem::I64, &y.shape)?
    } else {
        // There they count column by column.
        let attributes = n
            .attributes()
            .iter()
            .filter(|a| a.name != "storage_order")
            .cloned()
            .collect();
        let makes: [(Elem, &[usize]); 2] = [(y.elem, &y.shape), (Elem::I64, &y.shape)];
        let made = b.nodes("MaxPool", &[Some(&x)], attributes, &makes);
        made.into_iter()
            .nth(1)
            .ok_or_else(|| wrong("it has no indices".into()))?
    };
    let indices = b.reshape(&indices, &[y.count()])?;
    let flat = b.reshape(g, &[y.count()])?;
    let zeros = b.zeros(&[x.count()]);
    let mut attributes = vec![int("axis", 0)];
    if axes.iter().any(|a| a.stride < a.extent()) {
        attributes.push(text("reduction", "add"));
    }
    let part = b.node(
        "ScatterElements",
        &[&zeros, &indices, &flat],
        attributes,
        g.elem,
        &[x.count()],
    );
    Ok(vec![Some(b.reshape(&part, &x.shape)?)])
}

/// As `MaxPool` with one window.
fn global_max(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (x, g) = (n.input(0)?.clone(), first(g)?);
    let shape = x
        .shape
        .get(..2)
        .ok_or_else(|| wrong("its input has no channels".into()))?;
    let count = x.shape[2..].iter().product::<usize>();
    let column = [shape[0], shape[1], 1];
    let flat = b.reshape(&x, &[shape[0], shape[1], count])?;
    let at = b.node("ArgMax", &[&flat], vec![int("axis", 2)], Elem::I64, &column);
    let positions: Vec<i64> = (0..count as i64).collect();
    let positions = b.ints(&positions);
    let hit = b.compare("Equal", &positions, &at)?;
    let g = b.reshape(g, &column)?;
    let part = b.keep_where(&hit, &g)?;
    Ok(vec![Some(b.reshape(&part, &x.shape)?)])
}

/// Every element of a window gets the same share: one over the number of elements that count.
fn average(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let axes = pooling(b, n)?;
    let padding_counts = n.int_or("count_include_pad", 0) != 0;
    let shares: Vec<Vec<f32>> = axes.iter().map(|a| shares(a, padding_counts)).collect();
    Ok(vec![Some(spread(b, first(g)?, &axes, &shares)?)])
}

/// One over the number of taps of each window that lie inside, in the padding too where that counts. (With
/// `ceil_mode` the last window may reach over the padding; that never counts.)
fn shares(axis: &Axis, padding_counts: bool) -> Vec<f32> {
    let from = if padding_counts { 0 } else { axis.before };
    let to = axis.before + axis.size + if padding_counts { axis.after } else { 0 };
    let taps = |window: usize| {
        let inside =
            |tap: &usize| (from..to).contains(&(window * axis.stride + tap * axis.dilation));
        (0..axis.kernel).filter(inside).count()
    };
    (0..axis.out)
        .map(|window| 1.0 / taps(window).max(1) as f32)
        .collect()
}

/// Gives `g`, times the product of the windows' `shares` along the axes, to each element of the windows.
fn spread(b: &mut Builder, g: &Value, axes: &[Axis], shares: &[Vec<f32>]) -> Result<Value> {
    let mut shape = g.shape[..2].to_vec();
    shape.extend(axes.iter().map(|a| a.size));
    let taps: usize = axes.iter().map(|a| a.kernel).product();
    if axes.iter().all(|a| {
        a.stride == 1 && a.dilation == 1 && a.before < a.kernel && a.tail() < a.kernel as i64
    }) {
        // The windows that hold an element are a window themselves, of the padded cotangent.
        let g = weighted(b, g, shares, taps as f32)?;
        let before: Vec<i64> = axes
            .iter()
            .map(|a| (a.kernel - 1 - a.before) as i64)
            .collect();
        let after = axes.iter().map(|a| a.kernel as i64 - 1 - a.tail());
        let kernel: Vec<i64> = axes.iter().map(|a| a.kernel as i64).collect();
        let pads: Vec<i64> = before.iter().copied().chain(after).collect();
        let attributes = vec![
            ints("kernel_shape", &kernel),
            ints("pads", &pads),
            int("count_include_pad", 1),
        ];
        return Ok(b.node("AveragePool", &[&g], attributes, g.elem, &shape));
    }
    if axes
        .iter()
        .all(|a| a.stride == a.kernel && a.dilation == 1 && a.before == 0)
    {
        let g = weighted(b, g, shares, 1.0)?;
        return enlarged(b, &g, axes, &shape);
    }
    if axes.iter().any(|a| a.size * a.out > LARGEST) {
        let g = weighted(b, g, shares, 1.0)?;
        return spread_by_convolution(b, &g, axes, taps, &shape);
    }
    // A window has a row of its shares; along each axis the cotangent is a product with the matrix of those.
    let mut part = g.clone();
    for (i, (axis, shares)) in axes.iter().zip(shares).enumerate() {
        let mut matrix = vec![0.0_f32; axis.out * axis.size];
        for (window, share) in shares.iter().enumerate() {
            for tap in 0..axis.kernel {
                let at = (window * axis.stride + tap * axis.dilation).checked_sub(axis.before);
                if let Some(at) = at.filter(|&at| at < axis.size) {
                    matrix[window * axis.size + at] += share;
                }
            }
        }
        let matrix = b.tensor(Tensor::floats(&[axis.out, axis.size], &matrix));
        part = contract(b, &part, &matrix, i + 2)?;
    }
    Ok(part)
}

/// As a transposed convolution with ones, each channel by itself.
fn spread_by_convolution(
    b: &mut Builder,
    g: &Value,
    axes: &[Axis],
    taps: usize,
    shape: &[usize],
) -> Result<Value> {
    let mut kernel = vec![1, 1];
    kernel.extend(axes.iter().map(|a| a.kernel));
    let taps = b.room(Some(taps))?;
    let ones = b.tensor(Tensor::floats(&kernel, &vec![1.0; taps]));
    let mut planes = vec![g.shape[0] * g.shape[1], 1];
    planes.extend(&g.shape[2..]);
    let g = b.reshape(g, &planes)?;
    let part = convolve::spread(b, &g, &ones, axes, 1)?;
    b.reshape(&part, shape)
}

/// Each element of `g` repeated over its window, where windows lie side by side; then cut or padded to `shape`.
fn enlarged(b: &mut Builder, g: &Value, axes: &[Axis], shape: &[usize]) -> Result<Value> {
    let mut full = g.shape.clone();
    let mut factors = vec![1.0; g.rank()];
    for (i, axis) in axes.iter().enumerate() {
        full[i + 2] = axis.out * axis.kernel;
        factors[i + 2] = axis.kernel as f32;
    }
    let factors = b.tensor(Tensor::floats(&[g.rank()], &factors));
    let attributes = vec![
        text("mode", "nearest"),
        text("coordinate_transformation_mode", "asymmetric"),
        text("nearest_mode", "floor"),
    ];
    let makes: [(Elem, &[usize]); 1] = [(g.elem, &full)];
    let made = b.nodes(
        "Resize",
        &[Some(g), None, Some(&factors)],
        attributes,
        &makes,
    );
    let made = made
        .into_iter()
        .next()
        .ok_or_else(|| wrong("nothing was made".into()))?;
    let spatial: Vec<usize> = (2..shape.len()).collect();
    let ones = vec![1; spatial.len()];
    let made = b.slice(
        &made,
        &spatial,
        &vec![0; spatial.len()],
        &least(&made.shape, shape)[2..],
        &ones,
    );
    let missing: Vec<usize> = shape
        .iter()
        .zip(&made.shape)
        .map(|(s, m)| s.saturating_sub(*m))
        .collect();
    Ok(b.pad(&made, &vec![0; shape.len()], &missing))
}

fn least(a: &[usize], b: &[usize]) -> Vec<usize> {
    a.iter().zip(b).map(|(a, b)| *a.min(b)).collect()
}

/// `g` times `factor` and the product of the `shares` of its windows.
fn weighted(b: &mut Builder, g: &Value, shares: &[Vec<f32>], factor: f32) -> Result<Value> {
    let even = shares.iter().all(|s| s.iter().all(|v| *v == s[0]));
    if even {
        let factor: f32 = shares.iter().filter_map(|s| s.first()).product::<f32>() * factor;
        return Ok(if (factor - 1.0).abs() < 1e-6 {
            g.clone()
        } else {
            b.scale(g, factor)
        });
    }
    let shape: Vec<usize> = shares.iter().map(Vec::len).collect();
    b.room(crate::onnx::elements(&shape))?;
    let mut values = vec![factor];
    for shares in shares {
        values = values
            .iter()
            .flat_map(|v| shares.iter().map(move |s| v * s))
            .collect();
    }
    let map = b.tensor(Tensor::floats(&shape, &values));
    b.mul(g, &map)
}

fn power(n: &Node) -> Result<i64> {
    let power = n.int_or("p", 2);
    (1..=64)
        .contains(&power)
        .then_some(power)
        .ok_or_else(|| wrong(format!("its p is {power}")))
}

/// Of (sum |x|^p)^(1/p) the part that is the same for all x: `g` y^(1-p), and 0 where y is 0.
fn inner_of_norm(b: &mut Builder, g: &Value, y: &Value, power: i64) -> Result<Value> {
    let below = match power {
        1 => return Ok(g.clone()),
        2 => y.clone(),
        _ => {
            let exponent = b.scalar((power - 1) as f32);
            b.binary("Pow", y, &exponent)?
        }
    };
    let zero = b.scalar(0.0);
    let positive = b.compare("Greater", &below, &zero)?;
    let quotient = b.div(g, &below)?;
    b.keep_where(&positive, &quotient)
}

/// The other part: sign(x) |x|^(p-1).
fn slope_of_power(b: &mut Builder, x: &Value, power: i64) -> Result<Value> {
    match power {
        1 => Ok(b.unary("Sign", x)),
        2 => Ok(x.clone()),
        _ => {
            let size = b.unary("Abs", x);
            let exponent = b.scalar((power - 2) as f32);
            let slope = b.binary("Pow", &size, &exponent)?;
            b.mul(x, &slope)
        }
    }
}

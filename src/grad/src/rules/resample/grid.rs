//! Sampling an image, of two or three dimensions, at the points of a grid.
//!
//! A point is interpolated from the taps around it, the product of one, two or four along each axis, whose weights are
//! polynomials of where it lies between elements. X gets the cotangents back by those weights, and the grid what the
//! polynomials' derivatives make of X there.

use super::super::first;
use crate::error::Result;
use crate::onnx::node::{Attributes, int, text};
use crate::onnx::{Builder, Elem, Node, Tensor, Value, wrong};

/// How points are interpolated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Nearest,
    Linear,
    Cubic,
}

impl Mode {
    fn of(n: &Node, axes: usize) -> Result<Self> {
        match n.text_or("mode", "linear") {
            "bilinear" | "linear" => Ok(Self::Linear),
            "nearest" => Ok(Self::Nearest),
            "bicubic" | "cubic" if axes == 2 => Ok(Self::Cubic),
            "bicubic" | "cubic" => Err(wrong(
                "its mode is cubic, which is defined for images of two dimensions".into(),
            )),
            other => Err(wrong(format!("its mode is {other}"))),
        }
    }

    /// Where the taps lie, from the element below the point on.
    fn offsets(self) -> &'static [f32] {
        match self {
            Self::Nearest => &[0.0],
            Self::Linear => &[0.0, 1.0],
            Self::Cubic => &[-1.0, 0.0, 1.0, 2.0],
        }
    }

    /// The weights of the taps: a row each, of coefficients of 1, t, t^2, t^3, where t is the fraction from the element
    /// below to the next. The cubic ones are those of Keys (1981) with a = -3/4, as `PyTorch` has them.
    fn weights(self) -> &'static [&'static [f32]] {
        match self {
            Self::Nearest => &[&[1.0]],
            Self::Linear => &[&[1.0, -1.0], &[0.0, 1.0]],
            Self::Cubic => &[
                &[0.0, -0.75, 1.5, -0.75],
                &[1.0, 0.0, -2.25, 1.25],
                &[0.0, 0.75, 1.5, -1.25],
                &[0.0, 0.0, -0.75, 0.75],
            ],
        }
    }
}

/// The taps of all points along one axis of the image, each value `[batch, taps, points]`.
struct Along {
    /// Which elements they are.
    index: Value,
    /// Do they lie inside (1 or 0)? Nothing where all do.
    inside: Option<Value>,
    /// Their weights; nothing where there is one tap.
    weight: Option<Value>,
    /// The derivatives of those by the grid's coordinate.
    slope: Option<Value>,
}

pub(super) fn sample(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (x, grid, g) = (n.input(0)?.clone(), n.input(1)?.clone(), first(g)?);
    let sizes = x.shape.get(2..).unwrap_or_default().to_vec();
    let rank = sizes.len();
    let fits = (2..=3).contains(&rank) && grid.rank() == rank + 2 && grid.shape[rank + 1] == rank;
    if !fits {
        return Err(wrong(format!(
            "its input has {rank} spatial dimensions, its grid the shape {:?}",
            grid.shape
        )));
    }
    let mode = Mode::of(n, rank)?;
    let (batch, channels) = (x.shape[0], x.shape[1]);
    let points: usize = grid.shape[1..=rank].iter().product();
    let flat = b.reshape(&grid, &[batch, points, rank])?;
    let mut axes = Vec::with_capacity(rank);
    for (axis, &size) in sizes.iter().enumerate() {
        // x comes first in the grid, and is the last dimension.
        let at = rank - 1 - axis;
        let slice = b.slice(&flat, &[2], &[at], &[at + 1], &[1]);
        let slice = b.reshape(&slice, &[batch, 1, points])?;
        axes.push(along(b, n, &slice, size, mode)?);
    }
    let taps = mode.offsets().len().pow(rank as u32);
    let image = [batch, channels, sizes.iter().product()];
    let spread = [batch, channels, taps * points];
    let indices = indices(b, &axes, &sizes)?;
    let indices = b.reshape(&indices, &[batch, 1, taps * points])?;
    let indices = b.expand(&indices, &spread)?;
    let inside = outer(b, axes.iter().map(|a| a.inside.as_ref()))?;
    let mut parts = vec![None, None];
    if n.wants(0) {
        let mut shares = b.reshape(g, &[batch, channels, 1, points])?;
        let weight = outer(b, axes.iter().map(|a| a.weight.as_ref()))?;
        for factor in weight.iter().chain(&inside) {
            let factor = b.reshape(factor, &[batch, 1, taps, points])?;
            shares = b.mul(&shares, &factor)?;
        }
        let shares = b.reshape(&shares, &spread)?;
        let zeros = b.zeros(&image);
        let attributes = vec![int("axis", 2), text("reduction", "add")];
        let part = b.node(
            "ScatterElements",
            &[&zeros, &indices, &shares],
            attributes,
            g.elem,
            &image,
        );
        parts[0] = Some(b.reshape(&part, &x.shape)?);
    }
    if n.wants(1) && mode == Mode::Nearest {
        parts[1] = Some(b.zeros(&grid.shape));
    } else if n.wants(1) {
        let values = b.reshape(&x, &image)?;
        let along = vec![int("axis", 2)];
        let values = b.node(
            "GatherElements",
            &[&values, &indices],
            along,
            x.elem,
            &spread,
        );
        let values = b.reshape(&values, &[batch, channels, taps, points])?;
        let g = b.reshape(g, &[batch, channels, 1, points])?;
        let values = b.mul(&values, &g)?;
        let mut values = b.sum(&values, &[1], false);
        if let Some(inside) = &inside {
            let inside = b.reshape(inside, &[batch, taps, points])?;
            values = b.mul(&values, &inside)?;
        }
        let by_grid = by_grid(b, &values, &axes, mode.offsets().len())?;
        parts[1] = Some(b.reshape(&by_grid, &grid.shape)?);
    }
    Ok(parts)
}

/// The taps along an axis of `size` elements for the grid's coordinates `at`, `[batch, 1, points]`.
fn along(b: &mut Builder, n: &Node, at: &Value, size: usize, mode: Mode) -> Result<Along> {
    let aligned = n.int_or("align_corners", 0) != 0;
    let padding = n.text_or("padding_mode", "zeros");
    let last = size as f32 - 1.0;
    // -1 and 1 are the middles of the first and the last element, or their outer edges.
    let scale = if aligned {
        last / 2.0
    } else {
        size as f32 / 2.0
    };
    let moved = b.shift(at, 1.0);
    let mut moved = b.scale(&moved, scale);
    if !aligned {
        moved = b.shift(&moved, -0.5);
    }
    // Of cubic sampling it is the taps that are padded, not the points.
    let mut turn = None;
    if mode != Mode::Cubic {
        turn = padded(b, &mut moved, padding, aligned, size)?;
    }
    let rounding = if mode == Mode::Nearest {
        "Round"
    } else {
        "Floor"
    };
    let below = b.unary(rounding, &moved);
    let mut place = below.clone();
    let offsets = mode.offsets();
    if offsets.len() > 1 {
        let offsets = b.tensor(Tensor::floats(&[offsets.len(), 1], offsets));
        place = b.add(&below, &offsets)?;
    }
    if mode == Mode::Cubic {
        padded(b, &mut place, padding, aligned, size)?;
    }
    let (zero, end) = (b.scalar(0.0), b.scalar(last));
    let kept = b.node(
        "Clip",
        &[&place, &zero, &end],
        vec![],
        place.elem,
        &place.shape,
    );
    let mut inside = None;
    if padding == "zeros" {
        let same = b.compare("Equal", &place, &kept)?;
        inside = Some(b.cast(&same, place.elem));
    }
    let (mut weight, mut slope) = (None, None);
    if mode != Mode::Nearest {
        let fraction = b.sub(&moved, &below)?;
        let rows = mode.weights();
        weight = Some(polynomials(b, &fraction, rows)?);
        let derived: Vec<Vec<f32>> = rows
            .iter()
            .map(|row| {
                let powers = row.iter().enumerate().skip(1);
                powers.map(|(k, c)| k as f32 * c * scale).collect()
            })
            .collect();
        let derived: Vec<&[f32]> = derived.iter().map(Vec::as_slice).collect();
        let mut by_grid = polynomials(b, &fraction, &derived)?;
        if let Some(turn) = &turn {
            by_grid = b.mul(&by_grid, turn)?;
        }
        slope = Some(by_grid);
    }
    Ok(Along {
        index: b.cast(&kept, Elem::I64),
        inside,
        weight,
        slope,
    })
}

/// The polynomials of `t`, `[batch, 1, points]`, whose coefficients are `rows`: `[batch, rows, points]`.
fn polynomials(b: &mut Builder, t: &Value, rows: &[&[f32]]) -> Result<Value> {
    let degree = rows.iter().map(|r| r.len()).max().unwrap_or(0);
    let table: Vec<f32> = rows.iter().flat_map(|r| r.iter().copied()).collect();
    let table = b.tensor(Tensor::floats(&[rows.len(), degree], &table));
    let one = b.scalar(1.0);
    let mut powers = vec![b.expand(&one, &t.shape)?];
    for k in 1..degree {
        let next = if k == 1 {
            t.clone()
        } else {
            b.mul(&powers[k - 1], t)?
        };
        powers.push(next);
    }
    let powers = b.concat(&powers, 1)?;
    b.matmul(&table, &powers)
}

/// Brings `at` into the image as `padding` says, and says by what its derivative is multiplied there.
fn padded(
    b: &mut Builder,
    at: &mut Value,
    padding: &str,
    aligned: bool,
    size: usize,
) -> Result<Option<Value>> {
    let last = size as f32 - 1.0;
    match padding {
        "zeros" => Ok(None),
        "border" => clipped(b, at, last).map(Some),
        "reflection" => {
            let (low, range) = if aligned {
                (0.0, last)
            } else {
                (-0.5, size as f32)
            };
            let turned = reflected(b, at, low, range)?;
            let inner = clipped(b, at, last)?;
            b.mul(&turned, &inner).map(Some)
        }
        other => Err(wrong(format!("its padding_mode is {other}"))),
    }
}

/// Clips `at` to 0..=`last`, and says where that leaves it as it is: nowhere at the ends.
fn clipped(b: &mut Builder, at: &mut Value, last: f32) -> Result<Value> {
    let (zero, end) = (b.scalar(0.0), b.scalar(last));
    let over = b.compare("Greater", at, &zero)?;
    let under = b.compare("Less", at, &end)?;
    let free = b.node("And", &[&over, &under], vec![], Elem::Bool, &at.shape);
    *at = b.node("Clip", &[at, &zero, &end], vec![], at.elem, &at.shape);
    Ok(b.cast(&free, at.elem))
}

/// Mirrors `at` at `low` and `low + range` until it lies between them; the derivative of that.
fn reflected(b: &mut Builder, at: &mut Value, low: f32, range: f32) -> Result<Value> {
    if range <= 0.0 {
        *at = b.scale(at, 0.0);
        return Ok(at.clone());
    }
    let from = b.shift(at, -low);
    let turns = b.scale(&from, 0.5 / range);
    let turns = b.unary("Floor", &turns);
    let turns = b.scale(&turns, 2.0 * range);
    let within = b.sub(&from, &turns)?;
    let back = b.shift(&within, -range);
    let distance = b.unary("Abs", &back);
    let turned = b.unary("Neg", &distance);
    *at = b.shift(&turned, low + range);
    let sign = b.unary("Sign", &back);
    Ok(b.unary("Neg", &sign))
}

/// `value`, `[batch, taps, points]` of axis `axis` of `rank`, so that it broadcasts beside those of the others.
fn beside(b: &mut Builder, value: &Value, axis: usize, rank: usize) -> Result<Value> {
    let mut shape = vec![1; rank + 2];
    shape[0] = value.shape[0];
    shape[axis + 1] = value.shape[1];
    shape[rank + 1] = value.shape[2];
    b.reshape(value, &shape)
}

/// The number of each combination of taps in the image, `[batch, taps, .., points]`.
fn indices(b: &mut Builder, axes: &[Along], sizes: &[usize]) -> Result<Value> {
    let mut sum: Option<Value> = None;
    for (i, axis) in axes.iter().enumerate() {
        let stride: usize = sizes[i + 1..].iter().product();
        let mut index = beside(b, &axis.index, i, axes.len())?;
        if stride > 1 {
            let stride = b.tensor(Tensor::ints(&[], &[stride as i64]));
            index = b.mul(&index, &stride)?;
        }
        sum = Some(match sum {
            Some(sum) => b.add(&sum, &index)?,
            None => index,
        });
    }
    sum.ok_or_else(|| wrong("its input has no spatial dimensions".into()))
}

/// The product of one value for each axis over all combinations of taps; nothing where the axes have none.
fn outer<'a>(
    b: &mut Builder,
    values: impl ExactSizeIterator<Item = Option<&'a Value>>,
) -> Result<Option<Value>> {
    let rank = values.len();
    let mut product: Option<Value> = None;
    for (i, value) in values.enumerate() {
        let Some(value) = value else { return Ok(None) };
        let value = beside(b, value, i, rank)?;
        product = Some(match product {
            Some(product) => b.mul(&product, &value)?,
            None => value,
        });
    }
    Ok(product)
}

/// `[batch, points, rank]`, out of the cotangent times the value at each combination of `taps` along each axis.
fn by_grid(b: &mut Builder, values: &Value, axes: &[Along], taps: usize) -> Result<Value> {
    let (batch, points) = (values.shape[0], values.shape[2]);
    let mut parts = Vec::with_capacity(axes.len());
    for at in (0..axes.len()).rev() {
        // One axis after the other is summed up, this one with the derivatives of its weights.
        let mut sum = values.clone();
        let mut left = sum.shape[1];
        for (i, axis) in axes.iter().enumerate() {
            left /= taps;
            let factor = if i == at { &axis.slope } else { &axis.weight };
            let factor = factor.as_ref();
            let factor = factor.ok_or_else(|| wrong("it has one tap".into()))?;
            let factor = b.reshape(factor, &[batch, taps, 1, points])?;
            let apart = b.reshape(&sum, &[batch, taps, left, points])?;
            let weighted = b.mul(&apart, &factor)?;
            sum = b.sum(&weighted, &[1], false);
        }
        parts.push(b.reshape(&sum, &[batch, points, 1])?);
    }
    b.concat(&parts, 2)
}

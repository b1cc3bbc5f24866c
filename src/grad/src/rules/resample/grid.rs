//! Sampling an image at the points of a grid, and the grid of an affine map.

use super::super::first;
use crate::error::Result;
use crate::onnx::node::{Attributes, int, text};
use crate::onnx::{Builder, Elem, Node, Tensor, Value, wrong};

/// Where points of the grid lie along one axis of the image.
struct Along {
    /// The element below each point, `[batch, points]`, and the fraction from there to the next; both in elements.
    below: Value,
    fraction: Value,
    /// Its derivative by the grid's coordinate, 0 where padding holds it fixed; where it is not one number.
    slope: Option<Value>,
    /// The part of that which is one number.
    scale: f32,
    size: usize,
}

/// One of the elements that a point is interpolated from.
struct Corner {
    /// Its number in the image, `[batch, points]`.
    index: Value,
    /// Its weights along x and y, and whether it lies inside (1 or 0; nothing where all do).
    weights: Option<[Value; 2]>,
    inside: Option<Value>,
}

/// Y = sum over the corners of weight times X there: X gets the cotangents back where they came from, and the grid what
/// the weights' derivatives make of X there.
pub(super) fn sample(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (x, grid, g) = (n.input(0)?.clone(), n.input(1)?.clone(), first(g)?);
    let nearest = match n.text_or("mode", "linear") {
        "bilinear" | "linear" => false,
        "nearest" => true,
        other => {
            return Err(wrong(format!(
                "its mode is {other}; bilinear and nearest are covered"
            )));
        }
    };
    let (&[batch, channels, height, width], &[_, rows, columns, 2]) =
        (&x.shape[..], &grid.shape[..])
    else {
        return Err(wrong(
            "its input has more than two spatial dimensions".into(),
        ));
    };
    let points = rows * columns;
    let flat = b.reshape(&grid, &[batch, points, 2])?;
    let coordinate = |b: &mut Builder, i: usize, size: usize| {
        let slice = b.slice(&flat, &[2], &[i], &[i + 1], &[1]);
        let slice = b.reshape(&slice, &[batch, points])?;
        along(b, n, &slice, size, nearest)
    };
    let (across, down) = (coordinate(b, 0, width)?, coordinate(b, 1, height)?);
    let corners = corners(b, n, &across, &down, nearest)?;
    let g = b.reshape(g, &[batch, channels, points])?;
    let image = [batch, channels, height * width];
    let spread = [batch, channels, points * corners.len()];
    let mut indices = Vec::new();
    for corner in &corners {
        indices.push(b.reshape(&corner.index, &[batch, 1, points])?);
    }
    let indices = b.concat(&indices, 2)?;
    let indices = b.expand(&indices, &spread)?;
    let mut parts = vec![None, None];
    if n.wants(0) {
        let mut shares = Vec::new();
        for corner in &corners {
            let mut share = g.clone();
            let weights = corner.weights.iter().flatten().chain(&corner.inside);
            if let Some(weight) = product(b, weights)? {
                let weight = b.reshape(&weight, &[batch, 1, points])?;
                share = b.mul(&g, &weight)?;
            }
            shares.push(share);
        }
        let shares = b.concat(&shares, 2)?;
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
    if n.wants(1) && nearest {
        parts[1] = Some(b.zeros(&grid.shape));
    } else if n.wants(1) {
        let values = b.reshape(&x, &image)?;
        let values = b.node(
            "GatherElements",
            &[&values, &indices],
            vec![int("axis", 2)],
            x.elem,
            &spread,
        );
        let mut slopes = Vec::new();
        for (i, corner) in corners.iter().enumerate() {
            let value = b.slice(&values, &[2], &[i * points], &[(i + 1) * points], &[1]);
            let value = b.mul(&value, &g)?;
            let value = b.sum(&value, &[1], false);
            slopes.push(match &corner.inside {
                Some(inside) => b.mul(&value, inside)?,
                None => value,
            });
        }
        let by_grid = by_grid(b, &slopes, &across, &down)?;
        parts[1] = Some(b.reshape(&by_grid, &grid.shape)?);
    }
    Ok(parts)
}

fn along(b: &mut Builder, n: &Node, at: &Value, size: usize, nearest: bool) -> Result<Along> {
    let aligned = n.int_or("align_corners", 0) != 0;
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
    let mut slope = None;
    match n.text_or("padding_mode", "zeros") {
        "zeros" => {}
        "border" => slope = Some(clipped(b, &mut moved, last)?),
        "reflection" => {
            let (low, range) = if aligned {
                (0.0, last)
            } else {
                (-0.5, size as f32)
            };
            let turned = reflected(b, &mut moved, low, range)?;
            let inner = clipped(b, &mut moved, last)?;
            slope = Some(b.mul(&turned, &inner)?);
        }
        other => return Err(wrong(format!("its padding_mode is {other}"))),
    }
    let below = b.unary(if nearest { "Round" } else { "Floor" }, &moved);
    let fraction = b.sub(&moved, &below)?;
    Ok(Along {
        below,
        fraction,
        slope,
        scale,
        size,
    })
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

/// The four corners around each point, row by row, or the one that is nearest.
fn corners(
    b: &mut Builder,
    n: &Node,
    across: &Along,
    down: &Along,
    nearest: bool,
) -> Result<Vec<Corner>> {
    let outside = n.text_or("padding_mode", "zeros") == "zeros";
    let steps: &[usize] = if nearest { &[0] } else { &[0, 1] };
    let mut corners = Vec::new();
    for &y in steps {
        let (row, row_inside) = element(b, down, y, outside)?;
        let width = b.tensor(Tensor::ints(&[], &[across.size as i64]));
        let row = b.mul(&row, &width)?;
        for &x in steps {
            let (column, column_inside) = element(b, across, x, outside)?;
            let weights = if nearest {
                None
            } else {
                Some([weight(b, across, x)?, weight(b, down, y)?])
            };
            corners.push(Corner {
                index: b.add(&row, &column)?,
                weights,
                inside: product(b, row_inside.iter().chain(&column_inside))?,
            });
        }
    }
    Ok(corners)
}

/// The element `step` after the one below the points, clipped to the image; where `outside`, is that inside?
fn element(
    b: &mut Builder,
    along: &Along,
    step: usize,
    outside: bool,
) -> Result<(Value, Option<Value>)> {
    let (zero, end) = (b.scalar(0.0), b.scalar(along.size as f32 - 1.0));
    let at = if step == 0 {
        along.below.clone()
    } else {
        b.shift(&along.below, step as f32)
    };
    let kept = b.node("Clip", &[&at, &zero, &end], vec![], at.elem, &at.shape);
    let inside = if outside {
        let inside = b.compare("Equal", &at, &kept)?;
        Some(b.cast(&inside, at.elem))
    } else {
        None
    };
    Ok((b.cast(&kept, Elem::I64), inside))
}

fn weight(b: &mut Builder, along: &Along, step: usize) -> Result<Value> {
    if step == 1 {
        return Ok(along.fraction.clone());
    }
    let one = b.scalar(1.0);
    b.sub(&one, &along.fraction)
}

fn product<'a>(
    b: &mut Builder,
    mut values: impl Iterator<Item = &'a Value>,
) -> Result<Option<Value>> {
    let Some(first) = values.next() else {
        return Ok(None);
    };
    values
        .try_fold(first.clone(), |product, v| b.mul(&product, v))
        .map(Some)
}

/// `[batch, points, 2]`, out of the cotangent times the value at each corner.
fn by_grid(b: &mut Builder, corners: &[Value], across: &Along, down: &Along) -> Result<Value> {
    let [top_left, top_right, low_left, low_right] = corners else {
        return Err(wrong("points have four corners".into()));
    };
    let mut parts = Vec::new();
    for (along, other, pairs) in [
        (across, down, [(top_left, top_right), (low_left, low_right)]),
        (down, across, [(top_left, low_left), (top_right, low_right)]),
    ] {
        // The difference of the two sides, interpolated along the other axis.
        let near = b.sub(pairs[0].1, pairs[0].0)?;
        let far = b.sub(pairs[1].1, pairs[1].0)?;
        let change = b.sub(&far, &near)?;
        let change = b.mul(&change, &other.fraction)?;
        let slope = b.add(&near, &change)?;
        let mut slope = b.scale(&slope, along.scale);
        if let Some(factor) = &along.slope {
            slope = b.mul(&slope, factor)?;
        }
        let shape = [&slope.shape[..], &[1]].concat();
        parts.push(b.reshape(&slope, &shape)?);
    }
    b.concat(&parts, 2)
}

/// The grid is a product of the map with the points' coordinates before it, last of which is 1.
pub(super) fn affine(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (map, g) = (n.input(0)?.clone(), first(g)?);
    let &[batch, rank, _] = &map.shape[..] else {
        return Err(wrong(format!("its map has the shape {:?}", map.shape)));
    };
    if g.rank() != rank + 2 || !(2..=3).contains(&rank) {
        return Err(wrong(format!("its grid has the shape {:?}", g.shape)));
    }
    let aligned = n.int_or("align_corners", 0) != 0;
    let sizes = &g.shape[1..=rank];
    let points: usize = sizes.iter().product();
    let mut base = Vec::with_capacity(points * (rank + 1));
    for point in 0..points {
        // x comes first, and is the last dimension.
        let mut rest = point;
        for &size in sizes.iter().rev() {
            let at = (rest % size) as f32;
            rest /= size;
            base.push(match (aligned, size) {
                (true, 1) => 0.0,
                (true, _) => -1.0 + 2.0 * at / (size as f32 - 1.0),
                (false, _) => (2.0 * at + 1.0) / size as f32 - 1.0,
            });
        }
        base.push(1.0);
    }
    let base = b.tensor(Tensor::floats(&[points, rank + 1], &base));
    let flat = b.reshape(g, &[batch, points, rank])?;
    let flat = b.transpose(&flat, &[0, 2, 1]);
    Ok(vec![Some(b.matmul(&flat, &base)?)])
}

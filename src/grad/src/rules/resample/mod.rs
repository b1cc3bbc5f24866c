//! Resampling: resizing, sampling at a grid, cropping.

mod affine;
mod grid;

use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, float, ints};
use crate::onnx::proto::AttributeProto;
use crate::onnx::{Builder, Elem, Node, Tensor, Value, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("AffineGrid", affine::affine),
    ("GridSample", grid::sample),
    ("Resize", resize),
];

/// Matrices of resizing hold at most this many elements.
const LARGEST: usize = 1 << 26;

/// The transpose of a product with `matrix`, `[out, in]`, along `axis`: `g` has `out` elements there, the result `in`.
pub(super) fn contract(b: &mut Builder, g: &Value, matrix: &Value, axis: usize) -> Result<Value> {
    let [out, size] =
        <[usize; 2]>::try_from(matrix.shape.clone()).map_err(|_| wrong("no matrix".into()))?;
    let mut shape = g.shape.clone();
    shape[axis] = size;
    let rest: usize = g.shape[axis + 1..].iter().product();
    if rest == 1 {
        let rows = b.reshape(g, &[g.count() / out.max(1), out])?;
        let part = b.matmul(&rows, matrix)?;
        return b.reshape(&part, &shape);
    }
    let lead: usize = g.shape[..axis].iter().product();
    let planes = b.reshape(g, &[lead, out, rest])?;
    let turned = b.transpose(matrix, &[1, 0]);
    let part = b.matmul(&turned, &planes)?;
    b.reshape(&part, &shape)
}

/// How one axis is resized.
#[derive(Debug, Clone, Copy)]
struct Sampling {
    axis: usize,
    size: usize,
    out: usize,
    /// As the model states it; else it is `out` over `size`.
    scale: Option<f32>,
    /// The part of the axis that is resized, for `tf_crop_and_resize`.
    part: (f32, f32),
}

/// Resizing is a linear map along one axis after the other. The matrix of each is what the same operator makes of the
/// unit vectors, so that every mode and rounding is the engine's own.
fn resize(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let mut part = first(g)?.clone();
    let mut axes = samplings(b, n)?;
    if let Some(factors) = blocks(n, &axes) {
        return Ok(vec![Some(block_sums(
            b,
            &part,
            &factors,
            &n.input(0)?.shape,
        )?)]);
    }
    // What shrinks most comes first, so that the products after it are small.
    axes.sort_by_key(|a| a.size * 1024 / a.out.max(1));
    for axis in &axes {
        let matrix = matrix(b, n, axis)?;
        part = contract(b, &part, &matrix, axis.axis)?;
    }
    Ok(vec![Some(part)])
}

/// The axes that are resized.
fn samplings(b: &Builder, n: &Node) -> Result<Vec<Sampling>> {
    let (x, y) = (n.input(0)?, n.output(0)?);
    if x.rank() != y.rank() {
        return Err(wrong(
            "its input and output differ in their number of dimensions".into(),
        ));
    }
    let inside = |axis: i64| {
        let found = x.axis(axis)?;
        if found < x.rank() {
            Ok(found)
        } else {
            Err(wrong(format!("axis {axis} is outside of its input")))
        }
    };
    let axes: Vec<usize> = match n.ints("axes") {
        Some(axes) => axes.iter().map(|&a| inside(a)).collect::<Result<_>>()?,
        None => (0..x.rank()).collect(),
    };
    let floats = |i: usize| -> Result<Option<Vec<f32>>> {
        let Some(value) = n.maybe(i) else {
            return Ok(None);
        };
        let values = b.constant(value).and_then(Tensor::to_floats);
        let values = values
            .ok_or_else(|| wrong(format!("\"{}\" depends on the input's values", value.name)))?;
        Ok(Some(values).filter(|v| !v.is_empty()))
    };
    let crops = n.text_or("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize";
    let roi = if crops { floats(1)? } else { None };
    let mut scales = floats(2)?;
    if let (Some(sizes), None) = (floats(3)?, &scales) {
        scales = common_scale(n, x, &axes, &sizes)?;
    }
    let mut found = Vec::new();
    for (i, &axis) in axes.iter().enumerate() {
        let (size, out) = (x.shape[axis], y.shape[axis]);
        let scale = scales.as_ref().and_then(|s| s.get(i).copied());
        let at = |k: usize, default: f32| {
            roi.as_ref()
                .and_then(|r| r.get(k).copied())
                .unwrap_or(default)
        };
        let part = (at(i, 0.0), at(axes.len() + i, 1.0));
        if size != out || scale.is_some_and(|s| s != 1.0) || part != (0.0, 1.0) {
            if size.checked_mul(size.max(out)).is_none_or(|n| n > LARGEST) {
                return Err(wrong(format!(
                    "resizing {size} elements to {out} is too large"
                )));
            }
            found.push(Sampling {
                axis,
                size,
                out,
                scale,
                part,
            });
        }
    }
    Ok(found)
}

/// The scale of all axes where `sizes` only bound a size that keeps the aspect ratio.
fn common_scale(n: &Node, x: &Value, axes: &[usize], sizes: &[f32]) -> Result<Option<Vec<f32>>> {
    let ratios = axes
        .iter()
        .zip(sizes)
        .map(|(&a, s)| s / x.shape[a].max(1) as f32);
    let scale = match n.text_or("keep_aspect_ratio_policy", "stretch") {
        "not_larger" => ratios.fold(f32::INFINITY, f32::min),
        "not_smaller" => ratios.fold(0.0, f32::max),
        _ => return Ok(None),
    };
    let y = n.output(0)?;
    // A matrix can be had for what rounding down makes of a scale.
    let rounds_down = |&a: &usize| (x.shape[a] as f32 * scale) as usize == y.shape[a];
    if axes.iter().all(rounds_down) {
        return Ok(Some(vec![scale; axes.len()]));
    }
    Err(wrong(
        "it keeps the aspect ratio, and its size is rounded up".into(),
    ))
}

/// `[out, in]`: what the operator makes of the unit vectors along `axis`.
fn matrix(b: &mut Builder, n: &Node, axis: &Sampling) -> Result<Value> {
    let Sampling { size, out, .. } = *axis;
    let mut unit = vec![0.0_f32; size * size];
    unit.iter_mut().step_by(size + 1).for_each(|v| *v = 1.0);
    let unit = b.tensor(Tensor::floats(&[1, 1, size, size], &unit));
    let kept = |a: &&AttributeProto| {
        !matches!(
            a.name.as_str(),
            "axes" | "keep_aspect_ratio_policy" | "extrapolation_value"
        )
    };
    let mut attributes: Vec<AttributeProto> = n.attributes().iter().filter(kept).cloned().collect();
    attributes.push(float("extrapolation_value", 0.0));
    let (from, to) = axis.part;
    let roi = b.tensor(Tensor::floats(
        &[8],
        &[0.0, 0.0, from, 0.0, 1.0, 1.0, to, 1.0],
    ));
    let makes: [(Elem, &[usize]); 1] = [(unit.elem, &[1, 1, out, size])];
    let made = if let Some(scale) = axis.scale {
        let scales = b.tensor(Tensor::floats(&[4], &[1.0, 1.0, scale, 1.0]));
        b.nodes(
            "Resize",
            &[Some(&unit), Some(&roi), Some(&scales)],
            attributes,
            &makes,
        )
    } else {
        let sizes = b.ints(&[1, 1, out as i64, size as i64]);
        b.nodes(
            "Resize",
            &[Some(&unit), Some(&roi), None, Some(&sizes)],
            attributes,
            &makes,
        )
    };
    let made = made
        .into_iter()
        .next()
        .ok_or_else(|| wrong("nothing was made".into()))?;
    b.reshape(&made, &[out, size])
}

/// By how much each axis is enlarged, where the output repeats each element in a block.
fn blocks(n: &Node, axes: &[Sampling]) -> Option<Vec<(usize, usize)>> {
    let rounding = n.text_or("nearest_mode", "round_prefer_floor");
    let coordinates = n.text_or("coordinate_transformation_mode", "half_pixel");
    let repeats = matches!(
        (coordinates, rounding),
        ("asymmetric", "floor")
            | (
                "half_pixel" | "pytorch_half_pixel" | "half_pixel_symmetric",
                "round_prefer_floor" | "round_prefer_ceil"
            )
    );
    if n.text_or("mode", "nearest") != "nearest" || !repeats {
        return None;
    }
    let factor = |a: &Sampling| {
        let factor = a.out.checked_div(a.size).filter(|f| f * a.size == a.out)?;
        let exact = a.scale.is_none_or(|s| s == factor as f32) && a.part == (0.0, 1.0);
        exact.then_some((a.axis, factor))
    };
    axes.iter().map(factor).collect()
}

/// The sum of each block of `g`, whose sides are `factors` along their axes.
fn block_sums(
    b: &mut Builder,
    g: &Value,
    factors: &[(usize, usize)],
    shape: &[usize],
) -> Result<Value> {
    if factors.iter().all(|(_, f)| *f == 1) {
        return Ok(g.clone());
    }
    // The average is the fastest reduction of blocks where there is one.
    if (3..=5).contains(&g.rank()) && factors.iter().all(|(axis, _)| *axis > 1) {
        let mut kernel = vec![1; g.rank() - 2];
        for (axis, factor) in factors {
            kernel[axis - 2] = *factor as i64;
        }
        let attributes = vec![ints("kernel_shape", &kernel), ints("strides", &kernel)];
        let mean = b.node("AveragePool", &[g], attributes, g.elem, shape);
        return Ok(b.scale(&mean, kernel.iter().product::<i64>() as f32));
    }
    let mut split = Vec::new();
    let mut inner = Vec::new();
    for (axis, size) in shape.iter().enumerate() {
        split.push(*size);
        if let Some((_, factor)) = factors.iter().find(|(a, f)| *a == axis && *f > 1) {
            inner.push(split.len());
            split.push(*factor);
        }
    }
    let split = b.reshape(g, &split)?;
    Ok(b.sum(&split, &inner, false))
}

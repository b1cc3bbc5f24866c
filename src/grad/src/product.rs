//! The product with a Jacobian or Hessian at a sample, and whether it fits the gradients.

use super::check::defects;
use super::measured::{Product, Reached, Second};
use super::timed::Timed;
use super::{
    COTANGENT, Request, TANGENT, hessian_product, jacobian_product, named, seeded_cotangent,
};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::onnx::{Graph, GraphEngine, Tensor};
use std::collections::BTreeMap;

/// Runs that are timed.
const TURNS: usize = 3;

/// Makes and runs the graph that yields the product that `second` says, with `tangents` (seeded ones where there are
/// none); `targets` are the gradients for `feeds`, which have the cotangent among them.
///
/// # Errors
/// As [`jacobian_product`] and [`hessian_product`]; the tangents do not fit; the engine failed.
pub(super) fn product(
    graph: &Graph,
    (request, second): (&Request, Second),
    (targets, feeds, tangents): (&[Reached], &BTreeMap<String, Tensor>, &[Tensor]),
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<(Graph, Product)> {
    let make = match second {
        Second::Jacobian => jacobian_product,
        Second::Hessian => hessian_product,
    };
    let made = make(graph, request, engine, monitor)?;
    let seeded = |seed: u64| -> Vec<Tensor> {
        let shapes = targets.iter().map(|t| t.gradient.shape());
        let numbered = shapes.zip(seed..);
        numbered
            .map(|(s, seed)| seeded_cotangent(s, seed))
            .collect()
    };
    let v = if tangents.is_empty() {
        seeded(1000)
    } else {
        fitting(targets, tangents)?;
        tangents.to_vec()
    };
    let fed = |tangents: &[Tensor]| {
        let mut fed = feeds.clone();
        for (i, tangent) in tangents.iter().enumerate() {
            fed.insert(named(TANGENT, &made.wrt, i), tangent.clone());
        }
        fed
    };
    let first = fed(&v);
    let (mut timed, results) = Timed::start(&made.graph, engine, &first, monitor)?;
    while timed.turns() < TURNS {
        timed.turn(monitor)?;
    }
    let ms = timed.median();
    drop(timed);
    let products = |results: Vec<Tensor>| -> Vec<Tensor> {
        let others = match second {
            Second::Jacobian => 1,
            Second::Hessian => 2 + targets.len(),
        };
        results.into_iter().skip(others).collect()
    };
    let values = products(results);
    let (one, other) = match second {
        Second::Jacobian => {
            let gradients: Vec<Tensor> = targets.iter().map(|t| t.gradient.clone()).collect();
            let cotangents: Vec<Tensor> = feeds.get(COTANGENT).cloned().into_iter().collect();
            (dot(&cotangents, &values), dot(&gradients, &v))
        }
        Second::Hessian => {
            let w = seeded(2000);
            let second = fed(&w);
            let (_, results) = Timed::start(&made.graph, engine, &second, monitor)?;
            (dot(&w, &values), dot(&v, &products(results)))
        }
    };
    let all: Vec<f32> = values
        .iter()
        .filter_map(Tensor::to_floats)
        .flatten()
        .collect();
    let (not_finite, zero) = defects(&all);
    let product = Product {
        of: second,
        values,
        not_finite,
        zero,
        mismatch: mismatch(one, other),
        ms,
    };
    Ok((made.graph, product))
}

/// Refuses tangents that are not one for each target, in its shape.
fn fitting(targets: &[Reached], tangents: &[Tensor]) -> Result<()> {
    let remedy =
        "Give one direction for each target, in its shape and in the order of the targets.";
    if tangents.len() != targets.len() {
        let what = format!(
            "{} tangents are given for {} targets",
            tangents.len(),
            targets.len()
        );
        return Err(Error::request(what, remedy));
    }
    for (target, tangent) in targets.iter().zip(tangents) {
        if target.gradient.shape() != tangent.shape() {
            let what = format!(
                "a tangent has the shape {:?}, the target {} has {:?}",
                tangent.shape(),
                target.name,
                target.gradient.shape()
            );
            return Err(Error::request(what, remedy));
        }
    }
    Ok(())
}

/// The inner product of two lists of tensors, and the root of the sum of its terms' squares.
fn dot(a: &[Tensor], b: &[Tensor]) -> (f64, f64) {
    let floats = |list: &[Tensor]| -> Vec<f32> {
        list.iter()
            .filter_map(Tensor::to_floats)
            .flatten()
            .collect()
    };
    let (a, b) = (floats(a), floats(b));
    let terms = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b));
    let (sum, squares) = terms.fold((0.0, 0.0), |(sum, squares), t| (sum + t, squares + t * t));
    (sum, squares.sqrt())
}

/// How far two inner products that should be one are apart, as a share of their sizes.
fn mismatch(one: (f64, f64), other: (f64, f64)) -> Option<f64> {
    let gap = (one.0 - other.0).abs();
    let size = [one.0.abs(), one.1, other.0.abs(), other.1];
    let size = size.into_iter().fold(0.0, f64::max);
    let finite = gap.is_finite() && size.is_finite();
    finite.then(|| if size > 0.0 { gap / size } else { 0.0 })
}

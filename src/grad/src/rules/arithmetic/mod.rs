//! Elementwise arithmetic and the operators that pass values through.

mod power;

use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Node, Tensor, Value, wrong};
use power::steep;
use std::f32::consts::PI;

pub(super) const RULES: &[(&str, Rule)] = &[
    ("Abs", |b, n, g| {
        let sign = b.unary("Sign", n.input(0)?);
        product(b, first(g)?, &sign)
    }),
    ("Acos", |b, n, g| {
        let root = root_of_one_minus_square(b, n.input(0)?)?;
        let quotient = b.div(first(g)?, &root)?;
        let part = b.unary("Neg", &quotient);
        Ok(vec![Some(steep(b, first(g)?, &part)?)])
    }),
    ("Add", |b, n, g| {
        let g = first(g)?;
        both(b, n, |_, _| Ok(Some(g.clone())))
    }),
    ("Asin", |b, n, g| {
        let root = root_of_one_minus_square(b, n.input(0)?)?;
        let part = b.div(first(g)?, &root)?;
        Ok(vec![Some(steep(b, first(g)?, &part)?)])
    }),
    ("Atan", |b, n, g| {
        let square = b.mul(n.input(0)?, n.input(0)?)?;
        let below = b.shift(&square, 1.0);
        Ok(vec![Some(b.div(first(g)?, &below)?)])
    }),
    ("Cast", passed),
    ("CastLike", passed),
    ("Ceil", passed),
    ("Cos", |b, n, g| {
        let sine = b.unary("Sin", n.input(0)?);
        let product = b.mul(first(g)?, &sine)?;
        Ok(vec![Some(b.unary("Neg", &product))])
    }),
    ("Cosh", |b, n, g| {
        let other = b.unary("Sinh", n.input(0)?);
        product(b, first(g)?, &other)
    }),
    ("Div", |b, n, g| {
        let g = first(g)?;
        both(b, n, |b, i| {
            let quotient = b.div(g, n.input(1)?)?;
            if i == 0 {
                return Ok(Some(if b.constant(n.input(1)?).is_some() {
                    quotient
                } else {
                    steep(b, g, &quotient)?
                }));
            }
            let part = b.mul(&quotient, n.output(0)?)?;
            let part = b.unary("Neg", &part);
            Ok(Some(steep(b, g, &part)?))
        })
    }),
    ("Dropout", dropout),
    ("Erf", |b, n, g| {
        let square = b.mul(n.input(0)?, n.input(0)?)?;
        let minus = b.unary("Neg", &square);
        let bell = b.unary("Exp", &minus);
        let slope = b.scale(&bell, 2.0 / PI.sqrt());
        product(b, first(g)?, &slope)
    }),
    ("Exp", |b, n, g| product(b, first(g)?, n.output(0)?)),
    ("Floor", passed),
    ("Identity", passed),
    ("Log", |b, n, g| {
        let part = b.div(first(g)?, n.input(0)?)?;
        Ok(vec![Some(steep(b, first(g)?, &part)?)])
    }),
    ("Max", extreme),
    ("Mean", |b, n, g| {
        let part = b.scale(first(g)?, 1.0 / n.inputs.len() as f32);
        both(b, n, |_, _| Ok(Some(part.clone())))
    }),
    ("Min", extreme),
    ("Mod", |b, n, g| {
        // a - b floor(a / b), or with fmod trunc: almost everywhere the slopes are 1 and -(a - mod) / b.
        let g = first(g)?;
        both(b, n, |b, i| {
            if i == 0 {
                return Ok(Some(g.clone()));
            }
            let whole = b.sub(n.output(0)?, n.input(0)?)?;
            let slope = b.div(&whole, n.input(1)?)?;
            Ok(Some(b.mul(g, &slope)?))
        })
    }),
    ("Mul", |b, n, g| {
        let g = first(g)?;
        // A node may name more inputs than the operator has.
        both(b, n, |b, i| {
            Ok(Some(b.mul(g, n.input(usize::from(i == 0))?)?))
        })
    }),
    ("Neg", |b, _, g| Ok(vec![Some(b.unary("Neg", first(g)?))])),
    ("Pow", power::pow),
    ("Reciprocal", |b, n, g| {
        let square = b.mul(n.output(0)?, n.output(0)?)?;
        let slope = b.unary("Neg", &square);
        let part = b.mul(first(g)?, &slope)?;
        Ok(vec![Some(steep(b, first(g)?, &part)?)])
    }),
    ("Round", passed),
    // Of a value put together from its sign and its size; elsewhere it blocks.
    ("Sign", nothing),
    ("Sin", |b, n, g| {
        let cosine = b.unary("Cos", n.input(0)?);
        product(b, first(g)?, &cosine)
    }),
    ("Sinh", |b, n, g| {
        let other = b.unary("Cosh", n.input(0)?);
        product(b, first(g)?, &other)
    }),
    ("Sqrt", power::sqrt),
    ("Sub", |b, n, g| {
        let g = first(g)?;
        both(b, n, |b, i| {
            Ok(Some(if i == 0 { g.clone() } else { b.unary("Neg", g) }))
        })
    }),
    ("Sum", |b, n, g| {
        let g = first(g)?;
        both(b, n, |_, _| Ok(Some(g.clone())))
    }),
    ("Tan", |b, n, g| {
        let square = b.mul(n.output(0)?, n.output(0)?)?;
        let slope = b.shift(&square, 1.0);
        product(b, first(g)?, &slope)
    }),
    ("Where", |b, n, g| {
        let g = first(g)?;
        let zero = b.scalar(0.0);
        let condition = n.input(0)?.clone();
        both(b, n, |b, i| match i {
            1 => Ok(Some(b.select(&condition, g, &zero)?)),
            2 => Ok(Some(b.select(&condition, &zero, g)?)),
            _ => Ok(None),
        })
    }),
];

/// What `make` says for each wanted input, summed back to its shape where it was broadcast.
fn both(
    b: &mut Builder,
    n: &Node,
    mut make: impl FnMut(&mut Builder, usize) -> Result<Option<Value>>,
) -> Result<Vec<Option<Value>>> {
    let mut parts = Vec::with_capacity(n.inputs.len());
    for i in 0..n.inputs.len() {
        let part = if n.wants(i) { make(b, i)? } else { None };
        parts.push(match part {
            Some(part) => Some(b.sum_to(&part, &n.input(i)?.shape)?),
            None => None,
        });
    }
    Ok(parts)
}

fn product(b: &mut Builder, g: &Value, slope: &Value) -> Result<Vec<Option<Value>>> {
    Ok(vec![Some(b.mul(g, slope)?)])
}

/// The cotangent as it is, for what changes no value.
fn passed(_: &mut Builder, _: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    Ok(vec![Some(first(g)?.clone())])
}

/// As [`passed`], once it is known that nothing is dropped.
fn dropout(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let off = |t: &Tensor| t.to_ints().is_some_and(|v| v.iter().all(|&v| v == 0));
    let trains = n.int_or("training_mode", 0) != 0
        || n.maybe(2).is_some_and(|v| !b.constant(v).is_some_and(off));
    let nothing = |t: &Tensor| t.to_floats().is_some_and(|v| v.iter().all(|&v| v == 0.0));
    let keeps = n.maybe(1).and_then(|v| b.constant(v)).is_some_and(nothing);
    if trains && !keeps {
        return Err(wrong(
            "it drops values at random where an input says so".into(),
        ));
    }
    passed(b, n, g)
}

/// The derivative is zero almost everywhere.
#[allow(clippy::unnecessary_wraps)] // It is a rule.
fn nothing(_: &mut Builder, _: &Node, _: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    Ok(Vec::new())
}

fn root_of_one_minus_square(b: &mut Builder, x: &Value) -> Result<Value> {
    let square = b.mul(x, x)?;
    let one = b.scalar(1.0);
    let below = b.sub(&one, &square)?;
    Ok(b.unary("Sqrt", &below))
}

/// Of several inputs that tie, all share the cotangent evenly, as `PyTorch`'s `maximum` does.
fn extreme(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, y) = (first(g)?, n.output(0)?);
    if n.inputs.len() == 1 {
        return Ok(vec![Some(g.clone())]);
    }
    let mut masks = Vec::with_capacity(n.inputs.len());
    for i in 0..n.inputs.len() {
        let mask = b.compare("Equal", n.input(i)?, y)?;
        masks.push(b.cast(&mask, y.elem));
    }
    let mut winners = masks[0].clone();
    for mask in &masks[1..] {
        winners = b.add(&winners, mask)?;
    }
    let share = b.div(g, &winners)?;
    both(b, n, |b, i| Ok(Some(b.mul(&share, &masks[i])?)))
}

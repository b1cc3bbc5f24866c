//! What is appended to a forward graph: the objective, and the walks backwards that make the derivatives asked for.
//!
//! A walk backwards makes `g = J^T u`, which is linear in the cotangent u. So its own derivative by u, walked backwards
//! from `g . v`, is `J v`: forward mode, of the same rules, and u drops out. With respect to x that derivative is the
//! product of the Hessian of `u . f(x)` with v. (Christianson 1992; the "double-backward trick" of J. Townsend.)

use super::objective::{loss, per_row};
use super::{
    COTANGENT, GRADIENT, HESSIAN_PRODUCT, JACOBIAN_PRODUCT, LOSS, Normalise, Objective, Request,
    TANGENT, driver, named,
};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::onnx::{Builder, Elem, Tensor, Value, Walk, wrong};

/// Which derivatives a graph is to yield.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Loss, output, gradients.
    Gradient,
    /// The output, and the product of its Jacobian with the tangents.
    Jacobian,
    /// Loss, output, gradients, and the products of the Hessian with the tangents.
    Hessian,
}

/// Appends what is asked for to `b`, whose value `output` the objective looks at; `wrt` are the values that derivatives
/// are taken with respect to, called `names` in the model. Yields the graph's outputs with their names, but for
/// `output`, which is in its place under a name that is empty.
pub(super) fn attach(
    b: &mut Builder,
    (request, asked): (&Request, Asked),
    output: &Value,
    wrt: &[Value],
    names: &[String],
    monitor: &dyn Monitor,
) -> Result<Vec<(Value, String)>> {
    if output.elem != Elem::F32 {
        return Err(wrong(format!(
            "its output {} is of {}",
            output.name, output.elem
        )));
    }
    if let (Some(normalise), Some(first)) = (&request.normalise, wrt.first()) {
        pixels(b, first, normalise)?;
    }
    if asked == Asked::Jacobian {
        let product = jacobian(b, request.objective, output, wrt, names, monitor)?;
        return Ok(vec![
            (output.clone(), String::new()),
            (product, JACOBIAN_PRODUCT.into()),
        ]);
    }
    b.walk(if asked == Asked::Hessian {
        Walk::Again
    } else {
        Walk::Once
    });
    let (loss, seed) = seeded(b, request.objective, output)?;
    let gradients = driver::backward(b, &[seed], wrt, monitor)?;
    let mut made = vec![(loss, LOSS.to_owned()), (output.clone(), String::new())];
    made.extend(called(GRADIENT, names, &gradients));
    if asked == Asked::Hessian {
        let seeds = with_tangents(b, gradients, wrt, names);
        b.walk(Walk::Once);
        let products = driver::backward(b, &seeds, wrt, monitor)?;
        made.extend(called(HESSIAN_PRODUCT, names, &products));
    }
    Ok(made)
}

/// The values of the targets `names`, each with its name as an output.
fn called(base: &str, names: &[String], values: &[Value]) -> Vec<(Value, String)> {
    let values = values.iter().enumerate();
    values
        .map(|(i, value)| (value.clone(), named(base, names, i)))
        .collect()
}

/// The loss of each row, and what the walk backwards starts with: a value and its cotangent.
fn seeded(
    b: &mut Builder,
    objective: Objective,
    output: &Value,
) -> Result<(Value, (Value, Value))> {
    if objective == Objective::Vjp {
        let cotangent = b.feed(COTANGENT, Elem::F32, &output.shape);
        let product = b.mul(output, &cotangent)?;
        return Ok((per_row(b, &product), (output.clone(), cotangent)));
    }
    let loss = loss(b, objective, output)?;
    let ones = b.tensor(Tensor::floats(&loss.shape, &vec![1.0; loss.count()]));
    Ok((loss.clone(), (loss, ones)))
}

/// `J v`: of the output, or of the losses of an objective that has some.
fn jacobian(
    b: &mut Builder,
    objective: Objective,
    output: &Value,
    wrt: &[Value],
    names: &[String],
    monitor: &dyn Monitor,
) -> Result<Value> {
    let of = match objective {
        Objective::Vjp => output.clone(),
        other => loss(b, other, output)?,
    };
    let cotangent = b.feed(COTANGENT, Elem::F32, &of.shape);
    b.walk(Walk::Linear);
    let gradients = driver::backward(b, &[(of, cotangent.clone())], wrt, monitor)?;
    b.walk(Walk::Once);
    let seeds = with_tangents(b, gradients, wrt, names);
    let product = driver::backward(b, &seeds, &[cotangent], monitor)?.pop();
    product.ok_or_else(|| wrong("nothing was made".into()))
}

/// Each of `gradients` with the tangent of its target, a new input, as its cotangent.
fn with_tangents(
    b: &mut Builder,
    gradients: Vec<Value>,
    wrt: &[Value],
    names: &[String],
) -> Vec<(Value, Value)> {
    let pairs = gradients.into_iter().zip(wrt).enumerate();
    pairs
        .map(|(i, (gradient, value))| {
            let name = named(TANGENT, names, i);
            let tangent = b.feed(&name, Elem::F32, &value.shape);
            (gradient, tangent)
        })
        .collect()
}

/// Puts the normalisation before the input `model`; the new input has its name.
fn pixels(b: &mut Builder, model: &Value, normalise: &Normalise) -> Result<()> {
    let channels = normalise.mean.len();
    if model.rank() != 4 || model.shape[1] != channels || normalise.std.len() != channels {
        return Err(wrong(format!(
            "its input {} is not of {channels} channels",
            model.name
        )));
    }
    let inside = format!("{}/normalised", model.name);
    b.graph_mut().rename_readers(&model.name, &inside);
    let forward = std::mem::take(&mut b.graph_mut().nodes);
    let shape = [1, channels, 1, 1];
    let mean = b.tensor(Tensor::floats(&shape, &normalise.mean));
    let inverse: Vec<f32> = normalise.std.iter().map(|s| 1.0 / s).collect();
    let inverse = b.tensor(Tensor::floats(&shape, &inverse));
    let centred = b.sub(model, &mean)?;
    let scaled = b.mul(&centred, &inverse)?;
    b.graph_mut().rename(&scaled.name, &inside);
    b.graph_mut().nodes.extend(forward);
    Ok(())
}

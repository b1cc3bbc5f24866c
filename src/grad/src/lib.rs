//! White-box gradients for any ONNX file: a forward graph and an objective become one graph that yields the loss, the
//! output and the gradient of the loss with respect to an input.
//!
//! [`differentiate`] is the whole transform (`transform`): operators are brought to one operator set ([`onnx::upgrade`]),
//! shapes bound and constants folded ([`onnx::bind`]), patterns that exporters write out gathered into one
//! operator (`fuse`), composite operators lowered to those that have rules (`lower/`), the [`Objective`] appended,
//! and the graph walked once backwards (`attach`, `driver`, `rules/`). [`jacobian_product`] and [`hessian_product`] walk
//! what came of that once more, by the same rules: forward mode, and second derivatives. Only standard operators come out, so the result runs
//! wherever the forward graph runs. A [`Differentiator`] keeps such graphs loaded: where it can, one for batches of
//! every size (`free`), run on a core each for different rows.
//!
//! [`onnx`] holds what the transform works on: a model as a graph, and the trait [`GraphEngine`](onnx::GraphEngine) of
//! whatever runs it. [`examine`] says what can be differentiated and how well that was seen to work; [`Error`] names
//! the nodes that block.
//!
//! # A new operator
//!
//! One line in the table of its family in `rules/`, or in `lower/` where it can be written out in operators that have
//! rules; one in `known/table.rs`, with the versions and attributes that it handles; and one case in `tests/grad/` of the repository.

mod attach;
mod card;
mod check;
mod cut;
mod driver;
mod error;
mod free;
mod fuse;
pub mod guard;
mod known;
mod lower;
mod measured;
mod monitor;
mod narrow;
mod objective;
pub mod onnx;
mod operands;
mod product;
mod rules;
mod session;
mod standing;
mod steps;
mod table;
mod target;
mod timed;
mod transform;

pub use card::{Card, Sample, examine, main_input};
pub use check::{Check, LARGEST_ERROR, LEAST_COSINE, Taken, check, seeded_cotangent};
pub use error::{Blocking, Error, Result};
pub use known::{Known, NEWEST_OPSET, Only, known, operators_markdown, unknown};
pub use measured::{Fault, Measured, Product, Reached, Second};
pub use monitor::Monitor;
pub use objective::{Form, Normalise, Objective};
pub use session::{Differentiator, Prepared, Step};
pub use standing::{Standing, Survey};
pub use table::lookup;
pub use target::Target;

use crate::attach::Asked;
use crate::onnx::{Graph, GraphEngine, Tensor};
use std::collections::BTreeMap;

/// The loss, `[batch]`: one per row of the output.
pub const LOSS: &str = "nearmiss_loss";
/// The gradient of the sum of losses, in the shape of what it is taken with respect to.
pub const GRADIENT: &str = "nearmiss_gradient";
/// The cotangent that [`Objective::Vjp`] takes, in the shape of the output.
pub const COTANGENT: &str = "nearmiss_cotangent";
/// The direction that [`jacobian_product`] and [`hessian_product`] take, in the shape of the target.
pub const TANGENT: &str = "nearmiss_tangent";
/// The product of a Jacobian with a direction, in the shape of the output.
pub const JACOBIAN_PRODUCT: &str = "nearmiss_jacobian_product";
/// The product of a Hessian with a direction, in the shape of the target.
pub const HESSIAN_PRODUCT: &str = "nearmiss_hessian_product";

/// The names of all operators that a gradient passes, sorted; those outside the default set carry their domain.
pub fn operators() -> Vec<&'static str> {
    let mut names = rules::names();
    names.extend(lower::names());
    names.sort_unstable();
    names
}

/// What is to be differentiated, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// A value for each of the model's inputs: their shapes are bound; their values matter only where the shapes
    /// inside the model depend on them.
    pub feeds: BTreeMap<String, Tensor>,
    /// What the gradient is taken with respect to, each named once: one graph yields all of them.
    pub targets: Vec<Target>,
    /// The output that the objective looks at; `None` for the first one of floats.
    pub output: Option<String>,
    /// The objective.
    pub objective: Objective,
    /// How pixels in [0, 1], the first target, become what the model takes; `None` where they are that already.
    pub normalise: Option<Normalise>,
}

impl Request {
    /// A request about the first output and one target.
    pub fn new(feeds: BTreeMap<String, Tensor>, target: Target, objective: Objective) -> Self {
        Self {
            feeds,
            targets: vec![target],
            output: None,
            objective,
            normalise: None,
        }
    }
}

/// A graph with gradient: it takes the model's inputs and those of the objective, and yields [`LOSS`], the output
/// and [`GRADIENT`], in this order; of several targets one gradient each, in their order, called as [`named`] says.
#[derive(Debug, Clone)]
pub struct Gradient {
    /// The graph, of standard operators alone.
    pub graph: Graph,
    /// The output that the objective looks at.
    pub output: String,
    /// The values that the gradient is taken with respect to: inputs, initializers, the output of the embedding table.
    pub wrt: Vec<String>,
    /// Those among them that the output does not depend on: their gradients are zero.
    pub apart: Vec<String>,
    /// The forward model's operators and their standing.
    pub survey: Survey,
}

/// Turns `graph` into one that also yields the gradient that `request` asks for.
///
/// # Errors
/// Nodes that no gradient passes, all named; feeds or objective that do not fit the model; the engine refuses the
/// forward graph.
pub fn differentiate(
    graph: &Graph,
    request: &Request,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<Gradient> {
    transform::derive(graph, request, Asked::Gradient, engine, monitor)
}

/// As [`differentiate`], in forward mode: the graph takes [`TANGENT`], in the shape of the target, and yields the output
/// and [`JACOBIAN_PRODUCT`], the output's Jacobian times that, in the output's shape. It costs about what the model
/// does, and again as much. With another objective than [`Objective::Vjp`] it is the derivative of the losses, one
/// per row. Of several targets each has a tangent (see [`named`]), and their products are summed.
///
/// # Errors
/// As [`differentiate`].
pub fn jacobian_product(
    graph: &Graph,
    request: &Request,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<Gradient> {
    transform::derive(graph, request, Asked::Jacobian, engine, monitor)
}

/// As [`differentiate`], with the second derivatives: the graph also takes [`TANGENT`], in the shape of the target, and
/// yields, after what that yields, [`HESSIAN_PRODUCT`]: the derivative of the gradient along the tangent, which is the
/// Hessian of the sum of losses times it. Kinks (of rectifiers, maxima) have no part in it. Of several targets each
/// has a tangent and a product (see [`named`]), as parts of one vector.
///
/// # Errors
/// As [`differentiate`]; the model rounds.
pub fn hessian_product(
    graph: &Graph,
    request: &Request,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<Gradient> {
    transform::derive(graph, request, Asked::Hessian, engine, monitor)
}

/// What an input or output of a graph is called that belongs to target `i` of `wrt`: `base`, and of several targets
/// `base/target`.
pub fn named(base: &str, wrt: &[String], i: usize) -> String {
    match wrt.get(i) {
        Some(target) if wrt.len() > 1 => format!("{base}/{target}"),
        _ => base.to_owned(),
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

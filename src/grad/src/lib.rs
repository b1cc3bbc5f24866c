//! White-box gradients for any ONNX file: a forward graph and an objective become one graph that yields the loss, the
//! output and the gradient of the loss with respect to an input.
//!
//! [`differentiate`] is the whole transform: operators are brought to one operator set ([`onnx::upgrade`]),
//! shapes bound and constants folded ([`onnx::bind`]), patterns that exporters write out gathered into one
//! operator (`fuse`), composite operators lowered to those that have rules (`lower/`), the [`Objective`] appended,
//! and the graph walked once backwards (`driver`, `rules/`). Only standard operators come out, so the result runs
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
mod objective;
pub mod onnx;
mod operands;
mod rules;
mod session;
mod standing;
mod steps;
mod table;
mod target;

pub use card::{Card, Sample, examine, main_input};
pub use check::{Check, LARGEST_ERROR, LEAST_COSINE, Taken, check, seeded_cotangent};
pub use error::{Blocking, Error, Result};
pub use known::{Known, NEWEST_OPSET, Only, known, operators_markdown, unknown};
pub use measured::{Fault, Measured};
pub use monitor::Monitor;
pub use objective::{Form, Normalise, Objective};
pub use session::{Differentiator, Prepared, Step};
pub use standing::{Standing, Survey};
pub use table::lookup;
pub use target::Target;

use crate::guard::contained;
use crate::onnx::{Builder, Elem, Graph, GraphEngine, Port, Tensor, bind, fold, upgrade, wrong};
use std::collections::BTreeMap;

/// The loss, `[batch]`: one per row of the output.
pub const LOSS: &str = "nearmiss_loss";
/// The gradient of the sum of losses, in the shape of what it is taken with respect to.
pub const GRADIENT: &str = "nearmiss_gradient";
/// The cotangent that [`Objective::Vjp`] takes, in the shape of the output.
pub const COTANGENT: &str = "nearmiss_cotangent";

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
    /// What the gradient is taken with respect to.
    pub target: Target,
    /// The output that the objective looks at; `None` for the first one of floats.
    pub output: Option<String>,
    /// The objective.
    pub objective: Objective,
    /// How pixels in [0, 1] become what the model takes; `None` where they are that already.
    pub normalise: Option<Normalise>,
}

impl Request {
    /// A request about the first output.
    pub fn new(feeds: BTreeMap<String, Tensor>, target: Target, objective: Objective) -> Self {
        Self {
            feeds,
            target,
            output: None,
            objective,
            normalise: None,
        }
    }
}

/// A graph with gradient: it takes the model's inputs and those of the objective, and yields [`LOSS`], the output
/// and [`GRADIENT`], in this order.
#[derive(Debug, Clone)]
pub struct Gradient {
    /// The graph, of standard operators alone.
    pub graph: Graph,
    /// The output that the objective looks at.
    pub output: String,
    /// The value that the gradient is taken with respect to; a graph input, or the output of the embedding table.
    pub wrt: String,
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
    let made = contained(|| transform(graph.clone(), request, engine, monitor));
    let made = made.unwrap_or_else(|what| {
        Err(Error::Panic {
            path: graph.path.clone(),
            what,
        })
    });
    made.map_err(|error| error.of_model(&graph.path))
}

fn transform(
    mut graph: Graph,
    request: &Request,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<Gradient> {
    let (output, wrt) = narrow(&mut graph, request)?;
    let mut survey = Survey::of(&graph, &wrt, &output);
    survey.refuse(&graph.path, true)?;
    let mut feeds = request.feeds.clone();
    feeds.retain(|name, _| graph.inputs.iter().any(|p| p.name == *name));
    bind(&mut graph, &feeds, engine, monitor)?;
    fuse::fuse(&mut graph, &[&wrt]);
    Survey::of(&graph, &wrt, &output).refuse(&graph.path, false)?;
    survey.decided();
    let (mut builder, renamed) = lower::lower(graph, &wrt, &output, monitor)?;
    let current = |name: &str| {
        renamed
            .get(name)
            .cloned()
            .unwrap_or_else(|| name.to_owned())
    };
    let of = builder.value(&current(&output))?;
    let wrt_value = builder.value(&current(&wrt))?;
    let (loss, gradient) = objective::attach(&mut builder, request, &of, &wrt_value, monitor)?;
    fuse::write_out(&mut builder)?;
    let mut graph = finish(
        builder,
        [
            (&loss.name, LOSS),
            (&of.name, &output),
            (&gradient.name, GRADIENT),
        ],
    )?;
    fold(&mut graph, engine, monitor)?;
    Ok(Gradient {
        graph,
        output,
        wrt,
        survey,
    })
}

/// Brings `graph` to one operator set and cuts it down to the output that `request` asks for; yields the names of
/// that output and of what the gradient is with respect to.
fn narrow(graph: &mut Graph, request: &Request) -> Result<(String, String)> {
    upgrade(graph)?;
    lower::write_out(graph);
    let output = match &request.output {
        Some(name) if graph.outputs.contains(name) => name.clone(),
        Some(name) => return Err(wrong(format!("the model has no output {name}"))),
        None => first_output(graph)?,
    };
    graph.outputs = vec![output.clone()];
    graph.prune();
    onnx::infer_types(graph);
    let wrt = request.target.resolve(graph)?;
    Ok((output, wrt))
}

/// Names the outputs and drops what they do not need.
fn finish(mut builder: Builder, outputs: [(&str, &str); 3]) -> Result<Graph> {
    let mut named = Vec::with_capacity(outputs.len());
    for (value, name) in outputs {
        let taken = |graph: &Graph| {
            graph.infos.contains_key(name) || graph.inputs.iter().any(|p| p.name == name)
        };
        if value != name && taken(builder.graph()) {
            return Err(wrong(format!("the name \"{name}\" is taken in the model")));
        }
        // One value under two names, or one that no node makes, needs a node for its other name.
        let shared = outputs.iter().filter(|(v, _)| *v == value).count() > 1;
        let made = |graph: &Graph| {
            graph
                .nodes
                .iter()
                .any(|n| n.output.iter().any(|o| o == value))
        };
        if value != name && (shared || !made(builder.graph())) {
            let original = builder.value(value)?;
            let copy = builder.unary("Identity", &original);
            named.push((copy.name.to_string(), name));
        } else {
            named.push((value.to_owned(), name));
        }
    }
    let mut graph = builder.into_graph();
    for (value, name) in &named {
        graph.rename(value, name);
    }
    graph.outputs = named.iter().map(|(_, name)| (*name).to_owned()).collect();
    graph.prune();
    graph.drop_unread_inputs();
    let used: std::collections::HashSet<String> =
        graph.nodes.iter().map(|n| n.domain.clone()).collect();
    graph.domains.retain(|domain, _| used.contains(domain));
    Ok(graph)
}

/// The first output that is, as far as the file says, of floats.
fn first_output(graph: &Graph) -> Result<String> {
    let floats = |p: &Port| p.elem.is_float() || p.elem == Elem::Other(0);
    let port = graph.ports_out().into_iter().find(floats);
    port.map(|p| p.name)
        .ok_or_else(|| wrong("the model has no output of floats".into()))
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
